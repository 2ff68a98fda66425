// CHECK aborts, in every build, when an invariant of our own is broken. DCHECK does so in debug and sanitizer builds.
//
// Never for what a peer, a user, a program or a file can send: that is an absl::Status. One condition each, so that the
// message names the one that failed.
#ifndef BASE_CHECK_H_
#define BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

namespace mosh::internal {
[[noreturn]] inline void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\r\n", file, line, condition);
  std::abort();
}
}  // namespace mosh::internal

#define CHECK(condition)                                                     \
  (__builtin_expect(static_cast<bool>(condition), 1)                         \
       ? static_cast<void>(0)                                                \
       : ::mosh::internal::CheckFailed(#condition, __FILE__, __LINE__))

#if !defined(NDEBUG) || defined(MOSH_SANITIZED)
#define DCHECK(condition) CHECK(condition)
#else
#define DCHECK(condition) static_cast<void>(sizeof(static_cast<bool>(condition)))
#endif

#endif  // BASE_CHECK_H_

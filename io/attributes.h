// Coroutine attributes of clang behind macros, so that g++ compiles the same text.
//
// With them clang reports a temporary bound to a stored task and a capturing lambda coroutine
// called as a temporary
// (-Wdangling, -Wreturn-stack-address), and refuses a function returning a Task that is neither a
// coroutine nor marked MOSH_CORO_WRAPPER.
#ifndef IO_ATTRIBUTES_H_
#define IO_ATTRIBUTES_H_

#if defined(__clang__) && defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::coro_return_type)
#define MOSH_CORO_RETURN_TYPE [[clang::coro_return_type]]
#define MOSH_CORO_WRAPPER [[clang::coro_wrapper]]
#endif
#if __has_cpp_attribute(clang::coro_lifetimebound)
#define MOSH_CORO_LIFETIMEBOUND [[clang::coro_lifetimebound]]
#endif
#endif

#ifndef MOSH_CORO_RETURN_TYPE
#define MOSH_CORO_RETURN_TYPE
#define MOSH_CORO_WRAPPER
#endif
#ifndef MOSH_CORO_LIFETIMEBOUND
#define MOSH_CORO_LIFETIMEBOUND
#endif

#endif  // IO_ATTRIBUTES_H_

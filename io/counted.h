// Counted: an object that says how many of its kind live, to prove when arguments, locals and
// results of coroutines die.
#ifndef IO_COUNTED_H_
#define IO_COUNTED_H_

namespace mosh::io {

class Counted {
 public:
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) noexcept = default;
  ~Counted() { --alive; }

  static inline int alive = 0;
};

}  // namespace mosh::io

#endif  // IO_COUNTED_H_

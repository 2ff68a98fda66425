// Who watches a session's screen, as the control connections say. Each speaks for itself; what they
// say adds up.
#ifndef SERVER_WATCHED_H_
#define SERVER_WATCHED_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace mosh::server {

class Watched {
 public:
  // Replaces what `by` said before; no names: it says nothing any more.
  void Set(const void* by, std::vector<std::string> names) {
    std::erase_if(told_, [by](const Told& told) { return told.by == by; });
    if (!names.empty()) told_.push_back({by, std::move(names)});
  }

  // Each once, in the order in which they were told.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Told& told : told_) {
      for (const std::string& name : told.names) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    }
    return names;
  }

 private:
  struct Told {
    const void* by;
    std::vector<std::string> names;
  };
  std::vector<Told> told_;
};

}  // namespace mosh::server

#endif  // SERVER_WATCHED_H_

// Which editing keys have been seen to do what we think they do: Ctrl-A goes to the start of the
// line in a shell, and does something else in screen. One that came true is predicted openly until
// it fails. Keys of spelling 0 are always trusted.
#ifndef PREDICT_KEY_TRUST_H_
#define PREDICT_KEY_TRUST_H_

#include <cstdint>
#include <set>

#include "predict/key_parser.h"

namespace mosh::predict {

class KeyTrust {
 public:
  bool Trusts(const Key& key) const { return key.spelling == 0 || trusted_.contains(key.spelling); }
  void OnCameTrue(const Key& key) {
    if (key.spelling != 0) trusted_.insert(key.spelling);
  }
  void OnFailed(const Key& key) { trusted_.erase(key.spelling); }

 private:
  std::set<uint16_t> trusted_;
};

}  // namespace mosh::predict

#endif  // PREDICT_KEY_TRUST_H_

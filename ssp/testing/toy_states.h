// The simplest objects a transport can synchronise: for tests only, so that a failing transport
// test never involves escape sequences.
//
//   ToyStream  a growing string, like a user's input: a diff is what was appended; the shared
//   prefix can be subtracted. ToyScreen  a text that changes anywhere, like a screen: a diff
//   replaces it whole; nothing is subtracted.
//
// Diffs carry a checksum of what they apply to and of what comes out, so that a diff applied to the
// wrong base is an error instead of a surprise later.
#ifndef SSP_TESTING_TOY_STATES_H_
#define SSP_TESTING_TOY_STATES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mosh::ssp {

class ToyStream {
 public:
  void Append(absl::string_view text) { text_.append(text.data(), text.size()); }
  // Everything ever appended has positions 0..size(); [0, trimmed()) is forgotten.
  size_t size() const { return trimmed_ + text_.size(); }
  size_t trimmed() const { return trimmed_; }
  std::string Since(size_t position) const {
    return position <= trimmed_ ? text_ : text_.substr(position - trimmed_);
  }

  std::string DiffFrom(const ToyStream& base) const {
    if (base.size() >= size()) return {};
    return std::to_string(base.size()) + ":" + Since(base.size());
  }
  absl::Status Apply(absl::string_view diff) {
    const size_t colon = diff.find(':');
    if (colon == absl::string_view::npos) return absl::InvalidArgumentError("no colon");
    if (std::string(diff.data(), colon) != std::to_string(size())) {
      return absl::InvalidArgumentError("wrong base");
    }
    Append(diff.substr(colon + 1));
    return absl::OkStatus();
  }
  void Subtract(const ToyStream& prefix) {
    if (prefix.size() <= trimmed_) return;
    const size_t drop = std::min(prefix.size(), size()) - trimmed_;
    text_.erase(0, drop);
    trimmed_ += drop;
  }
  size_t MemoryUse() const { return text_.size(); }
  friend bool operator==(const ToyStream& a, const ToyStream& b) { return a.size() == b.size(); }

 private:
  size_t trimmed_ = 0;
  std::string text_;
};

class ToyScreen {
 public:
  void Set(std::string text) { text_ = std::move(text); }
  const std::string& text() const { return text_; }

  std::string DiffFrom(const ToyScreen& base) const {
    if (base.text_ == text_) return {};
    return std::to_string(Checksum(base.text_)) + ":" + text_;
  }
  absl::Status Apply(absl::string_view diff) {
    const size_t colon = diff.find(':');
    if (colon == absl::string_view::npos) return absl::InvalidArgumentError("no colon");
    if (std::string(diff.data(), colon) != std::to_string(Checksum(text_))) {
      return absl::InvalidArgumentError("wrong base");
    }
    text_ = std::string(diff.substr(colon + 1));
    return absl::OkStatus();
  }
  void Subtract(const ToyScreen&) {}
  friend bool operator==(const ToyScreen& a, const ToyScreen& b) { return a.text_ == b.text_; }

 private:
  static uint32_t Checksum(absl::string_view text) {
    uint32_t hash = 2166136261u;  // FNV-1a
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
    return hash;
  }
  std::string text_;
};

}  // namespace mosh::ssp

#endif  // SSP_TESTING_TOY_STATES_H_

// One comparison of the filter language: a field, an operator and a value.
#ifndef MGMT_MODEL_COMPARISON_H_
#define MGMT_MODEL_COMPARISON_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mgmt/model/fields.h"
#include "mgmt/model/filter_tokens.h"
#include "mosh/fleet/v1/session.pb.h"

namespace mosh::mgmt {

class Comparison {
 public:
  // Of a field of `message`. kInvalidArgument: no such field, or the operator or the value doesn't
  // go with it.
  static absl::StatusOr<Comparison> Make(const google::protobuf::Descriptor* message,
                                         const FilterToken& field, absl::string_view op,
                                         const FilterToken& value);

  bool Matches(const google::protobuf::Message& message) const;
  const FieldPath& path() const { return path_; }

 private:
  enum class Op { kEqual, kNotEqual, kLess, kAtMost, kGreater, kAtLeast, kHas };

  absl::Status SetValue(const FilterToken& value);
  bool Any(const google::protobuf::Message& message, size_t depth) const;
  bool Test(const google::protobuf::Message& message, int index) const;
  bool TestText(const std::string& text) const;
  template <class T>
  bool Ordered(const T& a, const T& b) const;

  FieldPath path_;
  std::string key_;  // of the map in path_, if there is one
  Op op_ = Op::kEqual;
  bool anything_ = false;   // `:*`
  Pattern pattern_;         // of strings, and of what is looked for in messages
  long double number_ = 0;  // of numbers, bools and enums; wide enough for every 64-bit integer
  absl::Duration duration_;
  absl::Time time_;
};

// Whether all of `text` is what the pattern says; whether a part of it is.
bool MatchesWhole(const Pattern& pattern, absl::string_view text);
bool MatchesPart(const Pattern& pattern, absl::string_view text);
// The same without regard to the case of ASCII letters.
bool MatchesPartAnyCase(const Pattern& pattern, const std::string& text);

}  // namespace mosh::mgmt

#endif  // MGMT_MODEL_COMPARISON_H_

#include "mgmt/model/comparison.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

enum class Type { kNumber, kBool, kEnum, kString, kDuration, kTime, kMessage };

Type TypeOf(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return Type::kBool;
    case FieldDescriptor::CPPTYPE_ENUM:
      return Type::kEnum;
    case FieldDescriptor::CPPTYPE_STRING:
      return Type::kString;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field->message_type() == google::protobuf::Duration::descriptor()) return Type::kDuration;
      if (field->message_type() == google::protobuf::Timestamp::descriptor()) return Type::kTime;
      return Type::kMessage;
    default:
      return Type::kNumber;
  }
}

// Of a member (`index` >= 0) or the field itself.
const std::string& TextOf(const Message& message, const FieldDescriptor* field, int index,
                          std::string* scratch) {
  const Reflection& reflection = *message.GetReflection();
  return index < 0 ? reflection.GetStringReference(message, field, scratch)
                   : reflection.GetRepeatedStringReference(message, field, index, scratch);
}

const Message& MessageOf(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  return index < 0 ? reflection.GetMessage(message, field)
                   : reflection.GetRepeatedMessage(message, field, index);
}

long double NumberOf(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& r = *message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return one ? r.GetInt32(message, field) : r.GetRepeatedInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return one ? r.GetInt64(message, field) : r.GetRepeatedInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? r.GetUInt32(message, field) : r.GetRepeatedUInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return one ? r.GetUInt64(message, field) : r.GetRepeatedUInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return one ? r.GetDouble(message, field) : r.GetRepeatedDouble(message, field, index);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return one ? r.GetFloat(message, field) : r.GetRepeatedFloat(message, field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return one ? r.GetBool(message, field) : r.GetRepeatedBool(message, field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return one ? r.GetEnumValue(message, field) : r.GetRepeatedEnumValue(message, field, index);
    default:
      return 0;
  }
}

absl::Duration DurationOf(const Message& message) {
  const auto& value = static_cast<const google::protobuf::Duration&>(message);
  return absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos());
}

absl::Time TimeOf(const Message& message) {
  const auto& value = static_cast<const google::protobuf::Timestamp&>(message);
  return absl::FromUnixSeconds(value.seconds()) + absl::Nanoseconds(value.nanos());
}

// Whether any of the message's strings contains it. Our messages are not deep.
bool AnyText(const Message& message, const Pattern& pattern) {
  const Descriptor* descriptor = message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  std::string scratch;
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int k = 0; k < count; ++k) {
      const int index = field->is_repeated() ? k : -1;
      if (MatchesPart(pattern, TextOf(message, field, index, &scratch))) return true;
    }
  }
  return false;
}

std::string EnumNames(const EnumDescriptor* of) {
  std::string names;
  for (int i = 0; i < of->value_count(); ++i) {
    if (of->value(i)->number() == 0) continue;
    absl::StrAppend(&names, names.empty() ? "" : ", ", of->value(i)->name());
  }
  return names;
}

// In glibc linear in the sum of both lengths.
size_t Find(absl::string_view text, absl::string_view piece, size_t from) {
  const void* found = memmem(text.data() + from, text.size() - from, piece.data(), piece.size());
  return found != nullptr ? static_cast<const char*>(found) - text.data() : absl::string_view::npos;
}

}  // namespace

bool MatchesWhole(const Pattern& pattern, absl::string_view text) {
  const absl::string_view first = pattern.pieces.front();
  const absl::string_view last = pattern.pieces.back();
  if (pattern.plain()) return text == first;
  if (text.size() < first.size() + last.size()) return false;
  if (!absl::StartsWith(text, first) || !absl::EndsWith(text, last)) return false;
  // What stands between the outer two can be looked for greedily.
  text = text.substr(0, text.size() - last.size());
  size_t at = first.size();
  for (size_t i = 1; i + 1 < pattern.pieces.size(); ++i) {
    const size_t found = Find(text, pattern.pieces[i], at);
    if (found == absl::string_view::npos) return false;
    at = found + pattern.pieces[i].size();
  }
  return true;
}

bool MatchesPart(const Pattern& pattern, absl::string_view text) {
  size_t at = 0;
  for (const std::string& piece : pattern.pieces) {
    const size_t found = Find(text, piece, at);
    if (found == absl::string_view::npos) return false;
    at = found + piece.size();
  }
  return true;
}

bool MatchesPartAnyCase(const Pattern& pattern, const std::string& text) {
  const char* at = text.c_str();
  for (const std::string& piece : pattern.pieces) {
    const char* found = strcasestr(at, piece.c_str());
    if (found == nullptr) return false;
    at = found + strlen(piece.c_str());
  }
  return true;
}

absl::StatusOr<Comparison> Comparison::Make(const Descriptor* message, const FilterToken& field,
                                            absl::string_view op, const FilterToken& value) {
  Comparison result;
  absl::StatusOr<FieldPath> path = FindField(field.text, message);
  if (!path.ok()) return FilterError(field.column, path.status().message());
  result.path_ = *std::move(path);
  if (result.path_.size() > 1 && result.path_[result.path_.size() - 2]->is_map()) {
    result.key_ = field.text.substr(field.text.rfind('.') + 1);
  }
  result.op_ = op == "="    ? Op::kEqual
               : op == "!=" ? Op::kNotEqual
               : op == "<"  ? Op::kLess
               : op == "<=" ? Op::kAtMost
               : op == ">"  ? Op::kGreater
               : op == ">=" ? Op::kAtLeast
                            : Op::kHas;
  if (result.op_ == Op::kHas && value.pattern.anything()) {
    result.anything_ = true;
    return result;
  }
  const absl::Status status = result.SetValue(value);
  if (!status.ok()) return status;
  return result;
}

absl::Status Comparison::SetValue(const FilterToken& value) {
  const FieldDescriptor* field = path_.back();
  const Type type = TypeOf(field);
  const auto wrong = [&](absl::string_view what) {
    return FilterError(value.column, absl::StrCat(field->name(), " ", what));
  };
  const bool order = op_ != Op::kEqual && op_ != Op::kNotEqual && op_ != Op::kHas;
  if (order && (type == Type::kBool || type == Type::kEnum || type == Type::kMessage)) {
    return wrong("has no order; compare it with = or !=");
  }
  // A text that isn't one at all can be meant no other way.
  const std::string text(absl::StripAsciiWhitespace(value.text));
  switch (type) {
    case Type::kString:
      pattern_ = value.pattern;
      if (order && !pattern_.plain()) return wrong("can't be compared so with a wildcard");
      return absl::OkStatus();
    case Type::kMessage:
      pattern_ = value.pattern;
      if (op_ != Op::kHas) return wrong("has fields; compare one of them, or use :");
      return absl::OkStatus();
    case Type::kBool:
      if (text != "true" && text != "false") return wrong("is true or false");
      number_ = text == "true" ? 1 : 0;
      return absl::OkStatus();
    case Type::kEnum: {
      const auto* named = field->enum_type()->FindValueByName(absl::AsciiStrToUpper(text));
      if (named == nullptr) return wrong(absl::StrCat("is one of ", EnumNames(field->enum_type())));
      number_ = named->number();
      return absl::OkStatus();
    }
    case Type::kDuration:
      if (absl::ParseDuration(text, &duration_)) return absl::OkStatus();
      return wrong("is a duration with its unit, such as 200ms, 1.5s or 1h30m");
    case Type::kTime: {
      std::string error;
      if (absl::ParseTime(absl::RFC3339_full, text, &time_, &error)) return absl::OkStatus();
      return wrong("is a time such as 2026-11-01T00:00:00Z");
    }
    case Type::kNumber: {
      int64_t whole;
      uint64_t large;
      double real;
      if (absl::SimpleAtoi(text, &whole)) {
        number_ = whole;
      } else if (absl::SimpleAtoi(text, &large)) {
        number_ = large;
      } else if (absl::SimpleAtod(text, &real)) {
        number_ = real;
      } else {
        return wrong("is a number");
      }
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

bool Comparison::Matches(const Message& message) const {
  // Any() says of != whether one equals.
  return Any(message, 0) != (op_ == Op::kNotEqual);
}

bool Comparison::Any(const Message& message, size_t depth) const {
  const FieldDescriptor* field = path_[depth];
  const Reflection& reflection = *message.GetReflection();
  const bool last = depth + 1 == path_.size();
  if (field->is_repeated()) {
    const int size = reflection.FieldSize(message, field);
    for (int i = 0; i < size; ++i) {
      if (!last && field->is_map()) {
        const Message& entry = reflection.GetRepeatedMessage(message, field, i);
        std::string scratch;
        const FieldDescriptor* key = entry.GetDescriptor()->map_key();
        if (TextOf(entry, key, -1, &scratch) == key_) return anything_ || Any(entry, depth + 1);
        continue;
      }
      if (last ? Test(message, i)
               : Any(reflection.GetRepeatedMessage(message, field, i), depth + 1)) {
        return true;
      }
    }
    return false;
  }
  if (field->has_presence() && !reflection.HasField(message, field)) return false;
  return last ? Test(message, -1) : Any(reflection.GetMessage(message, field), depth + 1);
}

bool Comparison::Test(const Message& message, int index) const {
  const FieldDescriptor* field = path_.back();
  std::string scratch;
  const Type type = TypeOf(field);
  if (anything_) {
    if (index >= 0 || field->has_presence()) return true;
    return type == Type::kString ? !TextOf(message, field, index, &scratch).empty()
                                 : NumberOf(message, field, index) != 0;
  }
  switch (type) {
    case Type::kString:
      return TestText(TextOf(message, field, index, &scratch));
    case Type::kDuration:
      return Ordered(DurationOf(MessageOf(message, field, index)), duration_);
    case Type::kTime:
      return Ordered(TimeOf(MessageOf(message, field, index)), time_);
    case Type::kMessage:
      return AnyText(MessageOf(message, field, index), pattern_);
    case Type::kNumber:
    case Type::kBool:
    case Type::kEnum:
      return Ordered(NumberOf(message, field, index), number_);
  }
  return false;
}

bool Comparison::TestText(const std::string& text) const {
  if (op_ == Op::kHas) return MatchesPart(pattern_, text);
  if (op_ == Op::kEqual || op_ == Op::kNotEqual) return MatchesWhole(pattern_, text);
  return Ordered(text, pattern_.pieces.front());
}

template <class T>
bool Comparison::Ordered(const T& a, const T& b) const {
  switch (op_) {
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kHas:
      return a == b;
    case Op::kLess:
      return a < b;
    case Op::kAtMost:
      return a <= b;
    case Op::kGreater:
      return a > b;
    case Op::kAtLeast:
      return a >= b;
  }
  return false;
}

}  // namespace mosh::mgmt

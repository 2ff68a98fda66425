#include "mgmt/model/order.h"

#include <bit>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kMaxTerms = 10;
constexpr size_t kMaxStringInKey = 256;

// Appended values compare as unsigned bytes.
void AppendUnsigned(uint64_t value, std::string* key) {
  for (int shift = 56; shift >= 0; shift -= 8) key->push_back(static_cast<char>(value >> shift));
}

void AppendSigned(int64_t value, std::string* key) {
  AppendUnsigned(static_cast<uint64_t>(value) ^ (uint64_t{1} << 63), key);
}

void AppendDouble(double value, std::string* key) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  AppendUnsigned((bits >> 63) != 0 ? ~bits : bits ^ (uint64_t{1} << 63), key);
}

// Zero bytes are doubled up so that the end, two of them, comes before any continuation.
void AppendString(absl::string_view value, std::string* key) {
  for (const char c : value.substr(0, kMaxStringInKey)) {
    key->push_back(c);
    if (c == '\0') key->push_back('\xff');
  }
  key->append(2, '\0');
}

void AppendValue(const Message& message, const FieldDescriptor* field, std::string* key) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return AppendSigned(reflection.GetInt32(message, field), key);
    case FieldDescriptor::CPPTYPE_INT64:
      return AppendSigned(reflection.GetInt64(message, field), key);
    case FieldDescriptor::CPPTYPE_UINT32:
      return AppendUnsigned(reflection.GetUInt32(message, field), key);
    case FieldDescriptor::CPPTYPE_UINT64:
      return AppendUnsigned(reflection.GetUInt64(message, field), key);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return AppendDouble(reflection.GetDouble(message, field), key);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return AppendDouble(reflection.GetFloat(message, field), key);
    case FieldDescriptor::CPPTYPE_BOOL:
      return AppendUnsigned(reflection.GetBool(message, field) ? 1 : 0, key);
    case FieldDescriptor::CPPTYPE_ENUM:
      return AppendSigned(reflection.GetEnumValue(message, field), key);
    case FieldDescriptor::CPPTYPE_STRING:
      return AppendString(reflection.GetString(message, field), key);
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      // A time or a duration: seconds, then nanoseconds. Parse() lets no other through.
      const Message& value = reflection.GetMessage(message, field);
      for (int i = 0; i < value.GetDescriptor()->field_count(); ++i) {
        AppendValue(value, value.GetDescriptor()->field(i), key);
      }
    }
  }
}

bool HasOrder(const FieldDescriptor* field) {
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
  const std::string& type = field->message_type()->full_name();
  return type == "google.protobuf.Timestamp" || type == "google.protobuf.Duration";
}

}  // namespace

absl::StatusOr<Order> Order::Parse(absl::string_view order_by) {
  Order order;
  if (absl::StripAsciiWhitespace(order_by).empty()) return order;
  for (const absl::string_view text : absl::StrSplit(order_by, ',')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
    if (words.empty() || words.size() > 2) {
      return absl::InvalidArgumentError("between commas belongs a field, or a field and \"desc\"");
    }
    Term term;
    absl::StatusOr<FieldPath> path = FindField(words[0]);
    if (!path.ok()) return path.status();
    for (const FieldDescriptor* field : *path) {
      if (!field->is_repeated()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(words[0], ": a session has several of ", field->name()));
    }
    if (!HasOrder(path->back())) {
      return absl::InvalidArgumentError(absl::StrCat(words[0], " has no order; its fields may"));
    }
    if (words.size() == 2 && words[1] != "desc" && words[1] != "asc") {
      return absl::InvalidArgumentError(absl::StrCat("after ", words[0], " only asc or desc"));
    }
    if (order.terms_.size() == kMaxTerms) {
      return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxTerms, " fields"));
    }
    order.needs_usage_ |= IsUsage(*path);
    order.needs_measurements_ |= IsMeasurement(*path);
    order.terms_.push_back(
        {.path = *std::move(path), .descending = words.size() == 2 && words[1] == "desc"});
  }
  return order;
}

std::string Order::Key(const fleet::Session& session) const {
  std::string key;
  for (const Term& term : terms_) {
    const size_t begin = key.size();
    const Message* message = &session;
    for (const FieldDescriptor* field : term.path) {
      const google::protobuf::Reflection& reflection = *message->GetReflection();
      const bool set = !field->has_presence() || reflection.HasField(*message, field);
      key.push_back(set ? 1 : 0);
      if (!set) break;
      if (field == term.path.back()) {
        AppendValue(*message, field, &key);
      } else {
        message = &reflection.GetMessage(*message, field);
      }
    }
    if (!term.descending) continue;
    for (size_t i = begin; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
  }
  key += session.name();
  return key;
}

}  // namespace mosh::mgmt

// Any text as a filter, against a session that has something in every kind of field. One that
// compiles answers, its negation answers the opposite, and whoever is refused is told where.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "mgmt/model/filter.h"

namespace mosh::mgmt {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Something in every field but the strings of the first message, which are long.
void FillIn(Message* message) {
  const auto& reflection = *message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    const bool repeated = field->is_repeated();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      FillIn(repeated ? reflection.AddMessage(message, field)
                      : reflection.MutableMessage(message, field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      const std::string text = absl::StrCat(field->name(), " aAaAaA");
      repeated ? reflection.AddString(message, field, text)
               : reflection.SetString(message, field, text);
    }
  }
}

const fleet::Session& Session() {
  static const auto& session = *[] {
    auto* made = new fleet::Session;
    FillIn(made);
    return made;
  }();
  return session;
}

}  // namespace
}  // namespace mosh::mgmt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mosh::mgmt::Filter;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<Filter> filter = Filter::Compile(text);
  if (!filter.ok()) {
    CHECK(absl::IsInvalidArgument(filter.status()));
    CHECK(!filter.status().message().empty());
    return 0;
  }
  const bool matches = filter->Matches(mosh::mgmt::Session());
  static_cast<void>(filter->Matches(mosh::mgmt::fleet::Session()));
  if (filter->matches_all()) return 0;
  // Deeper or longer than allowed it may be now, nothing else.
  const absl::StatusOr<Filter> negated = Filter::Compile(absl::StrCat("NOT (", text, ")"));
  if (negated.ok()) {
    CHECK(negated->Matches(mosh::mgmt::Session()) != matches);
  } else {
    CHECK(absl::StrContains(negated.status().message(), " than "));
  }
  return 0;
}

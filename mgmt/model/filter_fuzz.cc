// Any text as a filter of sessions, and of nodes, against one that has something in every kind of
// field. One that compiles answers, its negation answers the opposite, and whoever is refused is
// told where.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "mgmt/model/filter.h"
#include "mosh/fleet/v1/node.pb.h"

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

template <class Filled>
const Filled& Full() {
  static const auto& full = *[] {
    auto* made = new Filled;
    FillIn(made);
    return made;
  }();
  return full;
}

template <class Filled>
void Try(absl::StatusOr<Filter> (*compile)(absl::string_view), const std::string& text) {
  const absl::StatusOr<Filter> filter = compile(text);
  if (!filter.ok()) {
    CHECK(absl::IsInvalidArgument(filter.status()));
    CHECK(!filter.status().message().empty());
    return;
  }
  const bool matches = filter->Matches(Full<Filled>());
  static_cast<void>(filter->Matches(Filled()));
  if (filter->matches_all()) return;
  // Deeper or longer than allowed it may be now, nothing else.
  const absl::StatusOr<Filter> negated = compile(absl::StrCat("NOT (", text, ")"));
  if (negated.ok()) {
    CHECK(negated->Matches(Full<Filled>()) != matches);
  } else {
    CHECK(absl::StrContains(negated.status().message(), " than "));
  }
}

}  // namespace
}  // namespace mosh::mgmt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mosh::mgmt;
  const std::string text(reinterpret_cast<const char*>(data), size);
  Try<fleet::Session>(&Filter::Compile, text);
  Try<fleet::Node>(&Filter::CompileForNodes, text);
  return 0;
}

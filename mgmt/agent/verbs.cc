#include "mgmt/agent/verbs.h"

namespace mosh::mgmt {
namespace {

constexpr absl::string_view kNames[kVerbCount] = {"metadata",  "screen", "notify",       "input",
                                                  "terminate", "record", "record_input", "audit",
                                                  "debug",     "forget", "drain",        "policy"};

}  // namespace

absl::string_view VerbName(Verb verb) { return kNames[static_cast<int>(verb)]; }

std::optional<Verb> VerbOf(absl::string_view name) {
  for (int i = 0; i < kVerbCount; ++i) {
    if (kNames[i] == name) return static_cast<Verb>(i);
  }
  return std::nullopt;
}

}  // namespace mosh::mgmt

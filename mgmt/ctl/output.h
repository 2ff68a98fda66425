// Answers as programs read them: JSON and YAML with the fields of mosh.fleet.v1. Pure.
#ifndef MGMT_CTL_OUTPUT_H_
#define MGMT_CTL_OUTPUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace mosh::mgmt::ctl {

enum class OutputFormat { kTable, kWide, kJson, kYaml };

inline bool ForPrograms(OutputFormat format) {
  return format == OutputFormat::kJson || format == OutputFormat::kYaml;
}

// Fields have the names that filters use. What is 0, false or empty is there too, absent is only
// what was not told. No character that a terminal would obey. Ends in a newline. kInternal: JSON
// can't say it (a time before the year 1).
absl::StatusOr<std::string> FormatMessage(const google::protobuf::Message& message,
                                          OutputFormat format);

// For streams: a YAML document, or one line of JSON. Errors as above.
absl::StatusOr<std::string> FormatStreamed(const google::protobuf::Message& message,
                                           OutputFormat format);

// `json` must be JSON. Strings that YAML would take for something else, in version 1.1 or 1.2, are
// quoted.
std::string YamlFromJson(absl::string_view json);

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_OUTPUT_H_

#include "mgmt/ctl/output.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "google/protobuf/util/json_util.h"
#include "mgmt/ctl/text.h"
#include "nlohmann/json.hpp"
#include "yaml-cpp/emitter.h"
#include "yaml-cpp/emittermanip.h"

namespace mosh::mgmt::ctl {
namespace {

using Json = nlohmann::ordered_json;

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message, bool lines) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = lines;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat("the server's answer can't be written as JSON: ",
                                            Harmless(status.ToString())));
  }
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

// Words and paths. Everything else is quoted: YAML has many ways to be something else than a
// string.
bool MayStandPlain(const std::string& text) {
  if (text.empty() || !absl::ascii_isalpha(text[0])) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("_-./", c)) return false;
  }
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}) {
    if (absl::EqualsIgnoreCase(text, word)) return false;
  }
  return true;
}

void Emit(const Json& value, YAML::Emitter& emitter) {
  if (value.is_object()) {
    if (value.empty()) emitter << YAML::Flow;
    emitter << YAML::BeginMap;
    for (const auto& [key, field] : value.items()) {
      emitter << YAML::Key;
      Emit(key, emitter);
      emitter << YAML::Value;
      Emit(field, emitter);
    }
    emitter << YAML::EndMap;
  } else if (value.is_array()) {
    if (value.empty()) emitter << YAML::Flow;
    emitter << YAML::BeginSeq;
    for (const Json& element : value) Emit(element, emitter);
    emitter << YAML::EndSeq;
  } else if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    if (!MayStandPlain(text)) emitter << YAML::DoubleQuoted;
    if (Harmless(text) != text) emitter << YAML::EscapeNonAscii;
    emitter << text;
  } else if (value.is_null()) {
    emitter << YAML::Null;
  } else {
    emitter << value.dump();  // numbers and booleans read the same in both
  }
}

}  // namespace

std::string YamlFromJson(absl::string_view json) {
  const Json value = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  CHECK(!value.is_discarded());
  YAML::Emitter emitter;
  Emit(value, emitter);
  return absl::StrCat(emitter.c_str(), "\n");
}

absl::StatusOr<std::string> FormatMessage(const google::protobuf::Message& message,
                                          OutputFormat format) {
  absl::StatusOr<std::string> json = ToJson(message, format == OutputFormat::kJson);
  if (!json.ok() || format == OutputFormat::kJson) return json;
  return YamlFromJson(*json);
}

absl::StatusOr<std::string> FormatStreamed(const google::protobuf::Message& message,
                                           OutputFormat format) {
  absl::StatusOr<std::string> json = ToJson(message, false);
  if (!json.ok() || format == OutputFormat::kJson) return json;
  return absl::StrCat("---\n", YamlFromJson(*json));
}

}  // namespace mosh::mgmt::ctl

#include "mgmt/ctl/output.h"

#include "gtest/gtest.h"
#include "mosh/fleet/v1/session.pb.h"
#include "yaml-cpp/yaml.h"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

TEST(Output, YamlSaysWhatJsonSays) {
  EXPECT_EQ(
      YamlFromJson(
          R"({"a":[1,2.5,true,null],"b":{"c":"word","d":""},"e":[],"f":{},"g":[{"h":1,"i":2}]})"),
      "a:\n"
      "  - 1\n"
      "  - 2.5\n"
      "  - true\n"
      "  - ~\n"
      "b:\n"
      "  c: word\n"
      "  d: \"\"\n"
      "e: []\n"
      "f: {}\n"
      "g:\n"
      "  - h: 1\n"
      "    i: 2\n");
}

TEST(Output, YamlQuotesWhatIsNoPlainWord) {
  for (const char* text :
       {"yes",  "No",  "NULL", "~",    "12", "1e3",       "0x10",        "2026-01-01",
        "a: b", "- a", "#x",   "a #b", "'",  "*",         "&a",          "!t",
        "|",    "%",   "@",    " a",   "a ", "tab\there", "line\nbreak", "grüße"}) {
    const std::string json = std::string("{\"k\":\"") +
                             (std::string(text) == "tab\there"     ? "tab\\there"
                              : std::string(text) == "line\nbreak" ? "line\\nbreak"
                                                                   : text) +
                             "\"}";
    const YAML::Node read = YAML::Load(YamlFromJson(json));
    EXPECT_EQ(read["k"].Tag(), "!") << text;  // quoted, so a string whatever it looks like
    EXPECT_EQ(read["k"].as<std::string>(), text);
  }
}

TEST(Output, HasAllFieldsUnderTheNamesOfFilters) {
  fleet::Session session;
  session.set_session_id("abc");
  session.mutable_create_time()->set_seconds(1700000000);
  session.set_state(fleet::Session::DETACHED);
  const std::string json = *FormatStreamed(session, OutputFormat::kJson);
  EXPECT_NE(json.find("\"session_id\":\"abc\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"create_time\":\"2023-11-14T22:13:20Z\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"state\":\"DETACHED\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"held\":false"), std::string::npos) << json;
  EXPECT_EQ(json.find("usage"), std::string::npos) << json;
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

TEST(Output, HasNoControlCharacters) {
  fleet::Session session;
  session.set_title(
      "a\033]0;b\007\x7f\xc2\x9b"
      "c\xe2\x80\xae"
      "d");
  for (const OutputFormat format : {OutputFormat::kJson, OutputFormat::kYaml}) {
    const std::string text = *FormatMessage(session, format);
    for (const char c : text) EXPECT_TRUE((c >= ' ' && c < 0x7f) || c == '\n') << text;
    EXPECT_EQ(YAML::Load(text)["title"].as<std::string>(), session.title());
  }
}

TEST(Output, StreamsAreLinesOrDocuments) {
  fleet::Size size;
  size.set_columns(80);
  EXPECT_EQ(*FormatStreamed(size, OutputFormat::kJson), "{\"columns\":80,\"rows\":0}\n");
  EXPECT_EQ(*FormatStreamed(size, OutputFormat::kYaml), "---\ncolumns: 80\nrows: 0\n");
}

TEST(Output, ATimeThatJsonCantSayIsAnError) {
  fleet::Session session;
  session.mutable_create_time()->set_seconds(int64_t{1} << 60);
  EXPECT_EQ(FormatMessage(session, OutputFormat::kJson).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace mosh::mgmt::ctl

#include "mgmt/ctl/config.h"

#include "gtest/gtest.h"

namespace mosh::mgmt::ctl {
namespace {

constexpr char kExample[] = R"(# mine
current-context: here
contexts:
  - name: here
    server: unix:/run/agent.sock
  - name: prod    # be careful
    server: fleet.example.org:7443
    tls:
      ca: ca.pem
      cert: /etc/me.pem
      key: me.key
)";

std::string MistakeIn(const std::string& text) {
  return std::string(ParseConfig(text, "/c/config.yaml").status().message());
}

TEST(Config, NamesServersAndTheirCertificates) {
  const Config config = *ParseConfig(kExample, "/c/config.yaml");
  EXPECT_EQ(config.current_context, "here");
  ASSERT_EQ(config.contexts.size(), 2);
  const Context prod = *config.Find("prod");
  EXPECT_EQ(prod.server, "fleet.example.org:7443");
  EXPECT_EQ(prod.tls.ca, "/c/ca.pem");
  EXPECT_EQ(prod.tls.cert, "/etc/me.pem");
  EXPECT_EQ(prod.tls.key, "/c/me.key");
}

TEST(Config, NamesFleets) {
  const Config config = *ParseConfig(
      "contexts:\n- {name: a, etcd: ['e1:2379', 'e2:2379'], etcd-prefix: /f/, "
      "etcd-tls: {ca: ca.pem}}\n",
      "/c/config.yaml");
  const Context fleet = *config.Find("a");
  EXPECT_EQ(fleet.fleet.etcd, (std::vector<std::string>{"e1:2379", "e2:2379"}));
  EXPECT_EQ(fleet.fleet.tls.ca, "/c/ca.pem");
  EXPECT_EQ(fleet.fleet.prefix, "/f/");
  EXPECT_EQ(MistakeIn("contexts:\n- {name: a, server: x, etcd: [y]}\n"),
            "/c/config.yaml:2: a context has a server or etcd, not both");
  EXPECT_EQ(MistakeIn("contexts:\n- {name: a, etcd: y}\n"),
            "/c/config.yaml:2: 'etcd' must be a list");
}

TEST(Config, MayBeJsonOrEmpty) {
  const Config config = *ParseConfig(
      R"({"current-context": "a", "contexts": [{"name": "a", "server": "unix:/x"}]})", "c.json");
  EXPECT_EQ(config.Find("a")->server, "unix:/x");
  EXPECT_TRUE(ParseConfig("", "c")->contexts.empty());
}

TEST(Config, MistakesAreNamedWithTheirLine) {
  EXPECT_EQ(MistakeIn("contexts:\n  - name: a\n    sever: x\n"),
            "/c/config.yaml:3: a context knows no 'sever'");
  EXPECT_EQ(MistakeIn("contexts:\n  - name: a\n"),
            "/c/config.yaml:2: a context needs a server, or etcd");
  EXPECT_EQ(MistakeIn("contexts: 7\n"), "/c/config.yaml:1: 'contexts' must be a list");
  EXPECT_EQ(MistakeIn("contexts:\n- {name: a, server: x}\n- {name: a, server: y}\n"),
            "/c/config.yaml:3: there are two contexts 'a'");
  EXPECT_EQ(MistakeIn("current-context: [x]\n"),
            "/c/config.yaml:1: 'current-context' must be a text");
  EXPECT_NE(MistakeIn("a: [\n"), "");
  EXPECT_EQ(ParseConfig(kExample, "c")->Find("x").status().message(),
            "the configuration has no context 'x'\n  It has here, prod.");
}

TEST(Config, AnotherCurrentContextLeavesTheRestAsItIs) {
  const std::string changed = *WithCurrentContext(kExample, "c", "prod");
  EXPECT_EQ(ParseConfig(changed, "c")->current_context, "prod");
  EXPECT_NE(changed.find("# mine\ncurrent-context: \"prod\"\ncontexts:\n"), std::string::npos)
      << changed;
  EXPECT_NE(changed.find("# be careful"), std::string::npos);
  const std::string first = *WithCurrentContext("contexts: [{name: a, server: s}]\n", "c", "a");
  EXPECT_EQ(ParseConfig(first, "c")->current_context, "a");
}

TEST(Config, WhatCantBeChangedByALineIsLeftAlone) {
  EXPECT_FALSE(WithCurrentContext(kExample, "c", "nowhere").ok());
  EXPECT_FALSE(
      WithCurrentContext(R"({"contexts": [{"name": "a", "server": "s"}]})", "c", "a").ok());
}

TEST(Config, IsLookedForWhereTheUserKeepsHis) {
  Surroundings surroundings;
  surroundings.variable = [](const char* name) {
    return std::string(name) == "HOME"              ? "/home/u"
           : std::string(name) == "XDG_CONFIG_HOME" ? "rel"
                                                    : "";
  };
  EXPECT_EQ(ConfigPath(surroundings), "/home/u/.config/moshctl/config.yaml");
  surroundings.variable = [](const char* name) {
    return std::string(name) == "XDG_CONFIG_HOME" ? "/x" : "";
  };
  EXPECT_EQ(ConfigPath(surroundings), "/x/moshctl/config.yaml");
  EXPECT_TRUE(ReadConfig(surroundings)->contexts.empty());
}

}  // namespace
}  // namespace mosh::mgmt::ctl

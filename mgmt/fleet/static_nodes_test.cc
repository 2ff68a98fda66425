#include "mgmt/fleet/static_nodes.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace mosh::mgmt {
namespace {

std::string Problem(const std::string& text) {
  return std::string(ParseStaticNodes(text, "nodes/a").status().message());
}

TEST(StaticNodes, AreThoseOfTheFile) {
  const auto nodes = ParseStaticNodes(
      "# all of them\n"
      "a  a.example.org:7446\n"
      "\n"
      "\tb [2001:db8::1]:7446 # in the other room\n",
      "nodes/a");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  ASSERT_EQ(nodes->size(), 2u);
  EXPECT_EQ(nodes->at("nodes/a").endpoint(), "a.example.org:7446");
  EXPECT_EQ(nodes->at("nodes/b").endpoint(), "[2001:db8::1]:7446");
  EXPECT_EQ(nodes->at("nodes/b").name(), "nodes/b");
}

TEST(StaticNodes, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_EQ(Problem("a x:1\nb"), "line 2: NODE HOST:PORT is wanted");
  EXPECT_EQ(Problem("a x:1\nb x:1 y"), "line 2: NODE HOST:PORT is wanted");
  EXPECT_EQ(Problem("-a x:1"), "line 1: -a can't be the name of a node");
  for (const char* endpoint : {"x", "x:", ":1", "x:0", "x:65536", "x:y"}) {
    EXPECT_TRUE(absl::EndsWith(Problem(std::string("a ") + endpoint), " is not HOST:PORT"))
        << endpoint;
  }
  EXPECT_EQ(Problem("a x:1\na y:1"), "line 2: a was there before");
  EXPECT_TRUE(absl::StartsWith(Problem("b x:1"), "this is nodes/a, which is not among"));
  EXPECT_TRUE(absl::StartsWith(ReadStaticNodes("/nonexistent/nodes", "nodes/a").status().message(),
                               "/nonexistent/nodes"));
}

}  // namespace
}  // namespace mosh::mgmt

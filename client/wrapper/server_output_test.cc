#include "client/wrapper/server_output.h"

#include <gtest/gtest.h>

namespace mosh::client {
namespace {

using State = ServerOutput::State;
constexpr char kKey[] = "SF/MlfhoOVaLoagbnZgzHQ";
const std::string kConnect = std::string("MOSH CONNECT 60001 ") + kKey;

struct Parsed {
  State state;
  std::string show;
  ServerOutput output;
};

// Feeds byte by byte, so that splits cannot matter.
Parsed Parse(absl::string_view text, std::string known_address = "") {
  Parsed parsed = {State::kReading, "", ServerOutput(known_address)};
  for (const char c : text) {
    parsed.state = parsed.output.Feed(absl::string_view(&c, 1), parsed.show);
  }
  parsed.state = parsed.output.Finish(parsed.show);
  return parsed;
}

TEST(ServerOutput, FindsAddressPortAndKey) {
  const Parsed parsed = Parse("Welcome\r\nMOSH IP 192.0.2.1\n\r\n\n" + kConnect + "\r\nlater\n");
  EXPECT_EQ(parsed.state, State::kConnected);
  EXPECT_EQ(parsed.output.address(), "192.0.2.1");
  EXPECT_FALSE(parsed.output.address_from_server());
  EXPECT_EQ(parsed.output.port(), "60001");
  EXPECT_EQ(parsed.output.key(), kKey);
  EXPECT_EQ(parsed.show, "Welcome\r\n\r\n\n");
}

TEST(ServerOutput, TakesAnUnfinishedLastLine) {
  EXPECT_EQ(Parse(kConnect).state, State::kConnected);
  EXPECT_EQ(Parse("password: ").show, "password: ");
}

TEST(ServerOutput, UsesSshConnectionOnlyWithoutBetterAddress) {
  const std::string line = "MOSH SSH_CONNECTION 10.0.0.1 5000 10.0.0.2 22\n";
  EXPECT_EQ(Parse(line).output.address(), "10.0.0.2");
  EXPECT_TRUE(Parse(line).output.address_from_server());
  EXPECT_EQ(Parse(line, "192.0.2.1").output.address(), "192.0.2.1");
  EXPECT_EQ(Parse("MOSH IP 192.0.2.1\n" + line).output.address(), "192.0.2.1");
}

TEST(ServerOutput, Refuses) {
  const auto failure = [](const std::string& text) { return Parse(text).output.failure(); };
  EXPECT_EQ(failure("MOSH IP 1.2.3.4\nMOSH IP 1.2.3.5\n"),
            "error: detected attempt to redefine MOSH IP.");
  EXPECT_EQ(failure("MOSH IP a b\n"), "Bad MOSH IP string: MOSH IP a b");
  EXPECT_EQ(failure("MOSH SSH_CONNECTION a b c\n"),
            "Bad MOSH SSH_CONNECTION string: MOSH SSH_CONNECTION a b c");
  EXPECT_EQ(failure("MOSH CONNECT 60001 short\n"),
            "Bad MOSH CONNECT string: MOSH CONNECT 60001 short");
  EXPECT_NE(failure("MOSH CONNECT 6000x " + std::string(kKey) + "\n"), "");
  EXPECT_NE(failure("MOSH CONNECT 60001 SF/MlfhoOVaLoagbnZgz!!\n"), "");
}

TEST(ServerOutput, OnlyMatchesAtTheStartOfALine) {
  const Parsed parsed = Parse("x " + kConnect + "\n");
  EXPECT_EQ(parsed.state, State::kReading);
  EXPECT_EQ(parsed.show, "x " + kConnect + "\n");
}

TEST(ServerOutput, EndlessLineIsShownInPieces) {
  ServerOutput output("");
  std::string show;
  for (int i = 0; i < 100; ++i) output.Feed(std::string(1000, 'x'), show);
  EXPECT_GE(show.size(), 65536);
  EXPECT_LE(output.seen().size(), 16384);
}

TEST(ServerOutput, WipesTheKey) {
  Parsed parsed = Parse(kConnect + "\n");
  parsed.output.WipeKey();
  EXPECT_EQ(parsed.output.key(), "");
}

}  // namespace
}  // namespace mosh::client

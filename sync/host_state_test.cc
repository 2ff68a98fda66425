#include "sync/host_state.h"

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "sync/host_message.pb.h"
#include "term/terminal.h"
#include "term/testing/random_program.h"
#include "term/testing/rendered_difference.h"

namespace mosh::sync {
namespace {

using term::Size;

std::string Hex(absl::string_view hex) { return absl::HexStringToBytes(hex); }

HostState StateAfter(absl::string_view program, uint64_t echo_ack, Size size = {80, 24}) {
  term::Terminal terminal(size, term::Dialect::kProgram);
  terminal.Feed(program);
  return HostState(terminal.Snapshot(), echo_ack);
}

// The elements of a diff, one letter each: E echo ack, M modes, R resize, H host bytes.
std::string Elements(const std::string& diff) {
  host::Message message;
  if (!message.ParseFromString(diff)) return "?";
  std::string out;
  for (const host::Instruction& instruction : message.instruction()) {
    if (instruction.has_echo_ack()) out += 'E';
    if (instruction.has_resize()) out += 'R';
    if (instruction.has_terminal_modes()) out += 'M';
    if (instruction.has_host_bytes()) out += 'H';
  }
  return out;
}

TEST(HostState, EqualStatesHaveNothingToSay) {
  const HostState state = StateAfter("hello", 7);
  EXPECT_EQ(state.DiffFrom(state), "");
  EXPECT_EQ(HostState({80, 24}).DiffFrom(HostState({80, 24})), "");
}

TEST(HostState, ElementsComeInOrder) {
  const HostState base = StateAfter("a", 1);
  EXPECT_EQ(Elements(StateAfter("ab", 1).DiffFrom(base)), "H");
  EXPECT_EQ(Elements(StateAfter("a", 2).DiffFrom(base)), "E");
  EXPECT_EQ(Elements(StateAfter("ab", 2, {90, 24}).DiffFrom(base)), "ERH");
}

// A stock client makes state 0 of its own size, and would not be resized otherwise.
TEST(HostState, DiffFromStateZeroAlwaysResizes) {
  const HostState server_zero({80, 24});
  const HostState next = StateAfter("hello", 0);
  const std::string diff = next.DiffFrom(server_zero);
  EXPECT_EQ(Elements(diff), "RH");
  HostState client({132, 50});
  ASSERT_TRUE(client.Apply(diff).ok());
  EXPECT_TRUE(client.screen().ShowsSameAs(next.screen()));
}

TEST(HostState, ABlankSnapshotStillTellsItsSize) {
  const HostState zero({80, 24});
  const HostState blank(term::Screen({80, 24}), 0);
  EXPECT_FALSE(blank == zero);
  EXPECT_EQ(Elements(blank.DiffFrom(zero)), "R");
}

TEST(HostState, AppliedDiffIsTheState) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    term::SeededChoices choices(seed);
    const term::Choose choose = std::ref(choices);
    Size size{static_cast<int>(choices(50)) + 1, static_cast<int>(choices(20)) + 1};
    term::Terminal program(size, term::Dialect::kProgram);
    const bool ours = choices(2) == 0;
    std::vector<HostState> sent = {HostState(size)};
    std::vector<HostState> received = {HostState({80, 24})};
    for (int step = 1; step < 12; ++step) {
      program.Feed(term::RandomProgram(choose, size, 8));
      if (choices(6) == 0) {
        size = {static_cast<int>(choices(50)) + 1, static_cast<int>(choices(20)) + 1};
        program.Resize(size);
      }
      HostState next(program.Snapshot(), step / 2, ours);
      if (ours && choices(3) > 0) {
        next.SetTerminalModes(term::TerminalModes{choices(2) == 0, choices(2) == 0, choices(3)});
      }
      const size_t base = choices(sent.size());  // Any: diffs are lost and based on older states.
      HostState client = received[base];
      ASSERT_TRUE(client.Apply(next.DiffFrom(sent[base])).ok());
      ASSERT_EQ(term::RenderedDifference(next.screen(), client.screen(),
                                         term::RenderTarget::kStockEmulator),
                "")
          << "seed " << seed << " step " << step;
      ASSERT_EQ(client.echo_ack(), next.echo_ack());
      ASSERT_EQ(client.terminal_modes(), next.terminal_modes());
      sent.push_back(next);
      received.push_back(client);
    }
  }
}

TEST(HostState, TerminalModesAreToldWhenTheyChange) {
  const HostState base = StateAfter("a", 1);
  HostState next = base;
  next.SetTerminalModes(term::TerminalModes{.echo = true, .canonical = true, .foreground = 7});
  EXPECT_FALSE(next == base);
  EXPECT_EQ(Elements(next.DiffFrom(base)), "M");
  EXPECT_EQ(next.DiffFrom(next), "");
  HostState client = base;
  ASSERT_TRUE(client.Apply(next.DiffFrom(base)).ok());
  EXPECT_EQ(client.terminal_modes(), next.terminal_modes());
  // A later screen that says nothing of them keeps them.
  HostState later = StateAfter("ab", 1);
  later.SetTerminalModes(next.terminal_modes());
  EXPECT_EQ(Elements(later.DiffFrom(next)), "H");
  // And back to what a server that does not know says.
  ASSERT_TRUE(client.Apply(base.DiffFrom(next)).ok());
  EXPECT_EQ(client.terminal_modes(), std::nullopt);
}

TEST(HostState, RejectsGarbageWithoutChanging) {
  HostState state = StateAfter("hello", 5);
  const HostState before = state;
  for (const char* hex : {
           "ff", "0a", "0a05",
           "0a043a024004",                  // Echo ack 4 after 5.
           "0a043a0240090a043a024008",      // 9, then 8.
           "0a043a0240060a061a0428003018",  // A good echo ack, then no columns.
           "0a021a00",                      // Resize without numbers.
           "0a0a1a0828ffffff7f30ffff7f",    // Too large.
       }) {
    EXPECT_EQ(state.Apply(Hex(hex)).code(), absl::StatusCode::kInvalidArgument) << hex;
    EXPECT_TRUE(state == before) << hex;
  }
}

TEST(HostState, SkipsUnknownElements) {
  HostState state = StateAfter("hello", 5);
  const HostState before = state;
  ASSERT_TRUE(state.Apply(Hex("0a0592030208014a0178")).ok());
  EXPECT_TRUE(state == before);
}

TEST(HostState, HostBytesCountFirstInOneElement) {
  HostState state({20, 3});
  ASSERT_TRUE(state.Apply(Hex("0a0b120322017a1a0428503018")).ok());
  EXPECT_EQ(state.screen().size(), (Size{20, 3}));
  EXPECT_EQ(state.screen().RowText(0), "z");
}

TEST(HostState, HostBytesMayBeAnything) {
  host::Message message;
  message.add_instruction()->mutable_host_bytes()->set_host_string(
      "\x1b[c\x1b[6n\x1b[999999999999;1H\x1b]0;unfinished\xff\xfe\x1b[38;2");
  HostState state({20, 3});
  EXPECT_TRUE(state.Apply(message.SerializeAsString()).ok());
  // The unfinished sequence does not swallow the next diff.
  message.mutable_instruction(0)->mutable_host_bytes()->set_host_string("\rm");
  EXPECT_TRUE(state.Apply(message.SerializeAsString()).ok());
  EXPECT_EQ(state.screen().RowText(0).substr(0, 1), "m");
}

// Recorded from a stock server: its diffs apply, and ours between the same states are no longer.
TEST(HostState, UnderstandsRecordedDiffs) {
  std::ifstream file("sync/testdata/transport.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  std::map<std::string, HostState> states = {{"0", HostState({160, 40})}};
  int diffs = 0;
  for (const nlohmann::json& recorded : vectors["instructions"]) {
    if (!recorded["to_client"].get<bool>()) continue;
    const nlohmann::json& instruction = recorded["instruction"];
    const std::string diff = Hex(instruction["diff"].get<std::string>());
    const auto base = states.find(instruction["old_num"].get<std::string>());
    if (diff.empty() || base == states.end()) continue;
    HostState state = base->second;
    ASSERT_TRUE(state.Apply(diff).ok());
    const std::string ours = HostState(state.screen(), state.echo_ack()).DiffFrom(base->second);
    EXPECT_LE(ours.size(), diff.size());
    HostState again = base->second;
    ASSERT_TRUE(again.Apply(ours).ok());
    EXPECT_TRUE(again.screen().ShowsSameAs(state.screen()));
    states.emplace(instruction["new_num"].get<std::string>(), state);
    ++diffs;
  }
  EXPECT_EQ(diffs, 8);
  EXPECT_EQ(states.at("8").echo_ack(), 8u);
  EXPECT_EQ(states.at("8").screen().size(), (Size{120, 30}));
  EXPECT_EQ(states.at("4").screen().RowText(1), "hello");
  EXPECT_EQ(states.at("4").screen().RowText(2), "x");
}

}  // namespace
}  // namespace mosh::sync

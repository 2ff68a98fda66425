#include "server/control/reply_parts.h"

#include <string>

#include "gtest/gtest.h"

namespace mosh::server {
namespace {

TEST(TrimSession, LeavesWhatFits) {
  control::Session session;
  session.add_command("sh");
  session.add_client()->set_address("10.0.0.1");
  TrimSession(1000, &session);
  EXPECT_EQ(session.command_size(), 1);
  EXPECT_EQ(session.client_size(), 1);
}

TEST(TrimSession, DropsWordsThenClients) {
  control::Session session;
  session.set_id("abcde");
  for (int i = 0; i < 3; ++i) session.add_command(std::string(400, 'x'));
  for (int i = 0; i < 3; ++i) session.add_client()->set_address("10.0.0.1");
  TrimSession(600, &session);
  EXPECT_EQ(session.command_size(), 1);
  EXPECT_EQ(session.client_size(), 3);
  TrimSession(30, &session);
  EXPECT_EQ(session.command_size(), 0);
  EXPECT_EQ(session.client_size(), 1);
  EXPECT_EQ(session.id(), "abcde");
}

TEST(TrimSession, DropsWatchersLast) {
  control::Session session;
  session.add_client()->set_address("10.0.0.1");
  for (int i = 0; i < 10; ++i) session.add_watcher(std::string(100, 'x'));
  TrimSession(550, &session);
  EXPECT_EQ(session.client_size(), 0);
  EXPECT_EQ(session.watcher_size(), 5);
}

// The parts together, and a check of each one's size.
control::Snapshot Joined(const std::vector<control::Snapshot>& parts, size_t max_size) {
  control::Snapshot whole;
  for (const control::Snapshot& part : parts) {
    EXPECT_LE(part.ByteSizeLong(), max_size);
    whole.set_ansi(whole.ansi() + part.ansi());
    for (const std::string& line : part.line()) whole.add_line(line);
    for (const control::Row& row : part.row()) *whole.add_row() = row;
  }
  return whole;
}

TEST(SplitSnapshot, PartsFollowOnEachOther) {
  control::Snapshot snapshot;
  snapshot.set_cursor_row(3);
  for (int i = 0; i < 100; ++i) snapshot.add_line(std::string(i, 'a' + i % 26));
  const std::vector<control::Snapshot> parts = SplitSnapshot(snapshot, 500);
  EXPECT_GT(parts.size(), 5);
  EXPECT_EQ(parts[0].cursor_row(), 3);
  const control::Snapshot whole = Joined(parts, 500);
  ASSERT_EQ(whole.line_size(), 100);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(whole.line(i), snapshot.line(i));
}

TEST(SplitSnapshot, EscapeSequencesToo) {
  control::Snapshot snapshot;
  for (int i = 0; i < 3000; ++i) *snapshot.mutable_ansi() += static_cast<char>('a' + i % 26);
  const std::vector<control::Snapshot> parts = SplitSnapshot(snapshot, 500);
  EXPECT_EQ(Joined(parts, 500).ansi(), snapshot.ansi());
}

TEST(SplitSnapshot, RowsToo) {
  control::Snapshot snapshot;
  for (int row = 0; row < 100; ++row) {
    control::Row* const out = snapshot.add_row();
    for (int run = 0; run < row % 7; ++run) out->add_run()->set_text(std::string(row, 'x'));
  }
  const std::vector<control::Snapshot> parts = SplitSnapshot(snapshot, 1000);
  EXPECT_GT(parts.size(), 5);
  const control::Snapshot whole = Joined(parts, 1000);
  ASSERT_EQ(whole.row_size(), 100);
  for (int row = 0; row < 100; ++row) {
    EXPECT_EQ(whole.row(row).SerializeAsString(), snapshot.row(row).SerializeAsString());
  }
}

TEST(SplitSnapshot, AnEndlessRowLosesItsLastRuns) {
  control::Snapshot snapshot;
  for (int i = 0; i < 100; ++i) snapshot.mutable_row()->Add()->add_run()->set_text("x");
  for (int i = 0; i < 100; ++i) snapshot.mutable_row(50)->add_run()->set_text("0123456789");
  const control::Snapshot whole = Joined(SplitSnapshot(snapshot, 500), 500);
  ASSERT_EQ(whole.row_size(), 100);
  EXPECT_GT(whole.row(50).run_size(), 25);
  EXPECT_LT(whole.row(50).run_size(), 50);
}

TEST(SplitSnapshot, ASmallOneIsOnePart) {
  control::Snapshot snapshot;
  snapshot.add_line("one");
  snapshot.add_line("");
  const std::vector<control::Snapshot> parts = SplitSnapshot(snapshot, 500);
  ASSERT_EQ(parts.size(), 1);
  EXPECT_EQ(parts[0].line_size(), 2);
  EXPECT_FALSE(parts[0].has_ansi());
}

TEST(SplitSnapshot, AnEndlessLineIsCutBetweenCharacters) {
  control::Snapshot snapshot;
  std::string line = "x";
  for (int i = 0; i < 1000; ++i) line += "\u8a9e";
  snapshot.add_line(line);
  const std::vector<control::Snapshot> parts = SplitSnapshot(snapshot, 500);
  const control::Snapshot whole = Joined(parts, 500);
  ASSERT_EQ(whole.line_size(), 1);
  EXPECT_EQ(whole.line(0).size() % 3, 1);
  EXPECT_EQ(whole.line(0), line.substr(0, whole.line(0).size()));
  EXPECT_GT(whole.line(0).size(), 450);
}

}  // namespace
}  // namespace mosh::server

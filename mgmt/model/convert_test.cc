#include "mgmt/model/convert.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mgmt/model/utf8.h"

namespace mosh::mgmt {
namespace {

using testing::ElementsAre;

constexpr char kNode[] = "nodes/n1";
constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kBegin = 1'793'620'800 * kSecond;

absl::Time At(int64_t seconds) { return absl::FromUnixMicros(kBegin + seconds * kSecond); }

// A session that began at kBegin and that a client has been attached to for ten seconds.
control::Session Attached() {
  control::Session told;
  told.set_id("abcde");
  told.set_user("root");
  told.set_pid(123);
  told.set_created_at(kBegin);
  control::Client* client = told.add_client();
  client->set_id("c1");
  client->set_attached_at(kBegin + 10 * kSecond);
  client->set_last_heard_at(kBegin + 20 * kSecond);
  return told;
}
control::Session Detached(int64_t since) {
  control::Session told = Attached();
  told.clear_client();
  told.set_detached_since(kBegin + since * kSecond);
  return told;
}
fleet::Session Convert(const control::Session& told, absl::Time now,
                       const fleet::Session* before = nullptr) {
  return FromHost(told, kNode, {.uid = 1000, .user = "alice"}, before, now);
}
std::vector<std::string> History(const fleet::Session& session) {
  std::vector<std::string> texts;
  for (const auto& change : session.state_history()) {
    texts.push_back(
        fleet::Session::State_Name(change.state()) + " " +
        std::to_string((absl::ToUnixMicros(FromTimestamp(change.time())) - kBegin) / kSecond));
  }
  return texts;
}

TEST(FromHost, TellsWhatTheHostDoesInTheApisWords) {
  control::Session told = Attached();
  told.add_command("vim");
  told.set_title("notes");
  told.mutable_size()->set_columns(80);
  told.mutable_size()->set_rows(24);
  told.set_held(true);
  told.add_watcher("bob");
  told.set_server_pid(122);
  told.set_port(60001);
  told.set_history_lines(7);
  told.set_last_input_at(kBegin + 5 * kSecond);
  control::Client* client = told.mutable_client(0);
  client->set_address("10.0.0.7:5");
  client->add_earlier_address("10.0.0.6:5");
  client->set_roam_count(1);
  client->set_view_only(true);
  client->set_srtt_us(1'250'000);
  client->set_rttvar_us(5);
  client->set_loss_to_server_percent(25);
  client->set_losses_seen(3);
  client->set_frames_sent(9);
  client->set_capabilities(1);
  client->add_capability("history");
  client->mutable_predictions()->set_shown(4);

  const fleet::Session session = Convert(told, At(21));
  fleet::Session expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      name: "nodes/n1/sessions/abcde" session_id: "abcde" user: "alice" uid: 1000 command: "vim"
      title: "notes" size { columns: 80 rows: 24 } state: ATTACHED
      state_history { state: ATTACHED time { seconds: 1793620810 } }
      create_time { seconds: 1793620800 } last_input_time { seconds: 1793620805 }
      last_heard_time { seconds: 1793620820 }
      clients { client_id: "c1" address: "10.0.0.7:5" earlier_addresses: "10.0.0.6:5" roam_count: 1
                view_only: true attach_time { seconds: 1793620810 }
                last_heard_time { seconds: 1793620820 } srtt { seconds: 1 nanos: 250000000 }
                rttvar { nanos: 5000 } loss_to_server: 0.25 datagrams_lost: 3 frames_sent: 9
                predictions { shown: 4 } protocol: "mosh-fleet" capabilities: "history" }
      held: true watchers: "bob" pid: 123 host_pid: 122 port: 60001 history_lines: 7)",
                                                            &expected));
  expected.set_etag(session.etag());
  EXPECT_EQ(session.DebugString(), expected.DebugString());
  EXPECT_FALSE(session.clients(0).has_loss_to_client()) << "its client does not report it";
}

TEST(FromHost, GoesThroughTheStates) {
  control::Session told = Detached(0);
  told.set_pid(0);
  fleet::Session session = Convert(told, At(1));
  EXPECT_EQ(session.state(), fleet::Session::AWAITED);
  session = Convert(Attached(), At(20), &session);
  EXPECT_EQ(session.state(), fleet::Session::ATTACHED);
  session = Convert(Attached(), At(34), &session);
  EXPECT_EQ(session.state(), fleet::Session::ATTACHED);
  session = Convert(Attached(), At(35), &session);
  EXPECT_EQ(session.state(), fleet::Session::UNHEARD) << "15 s after the last word";
  told = Attached();
  told.mutable_client(0)->set_last_heard_at(kBegin + 40 * kSecond);
  session = Convert(told, At(40), &session);
  EXPECT_EQ(session.state(), fleet::Session::ATTACHED);
  session = Convert(Detached(50), At(60), &session);
  EXPECT_EQ(session.state(), fleet::Session::DETACHED);
  EXPECT_EQ(session.last_heard_time().seconds() * kSecond, kBegin + 40 * kSecond)
      << "of clients that have left too";
  EXPECT_THAT(History(session),
              ElementsAre("AWAITED 0", "ATTACHED 20", "UNHEARD 20", "ATTACHED 40", "DETACHED 50"));
}

TEST(FromHost, WhatHasBeenToldToEndStaysSo) {
  fleet::Session session = Convert(Attached(), At(20));
  SetState(fleet::Session::ENDING, At(21), &session);
  EXPECT_EQ(Convert(Detached(22), At(22), &session).state(), fleet::Session::ENDING);
}

TEST(FromHost, KeepsTheLast16States) {
  fleet::Session session = Convert(Attached(), At(20));
  for (int i = 0; i < 20; ++i) {
    session = Convert(Detached(30 + i), At(30 + i), &session);
    session = Convert(Attached(), At(30 + i), &session);
  }
  EXPECT_EQ(session.state_history_size(), 16);
  EXPECT_EQ(session.state_history(15).state(), session.state());
}

TEST(FromHost, TimesDoNotTremble) {
  const fleet::Session before = Convert(Attached(), At(20));
  control::Session told = Attached();
  told.set_created_at(kBegin + 333);
  told.mutable_client(0)->set_attached_at(kBegin + 10 * kSecond - 400);
  EXPECT_EQ(Convert(told, At(20), &before).DebugString(), before.DebugString());
  told.set_created_at(kBegin + kSecond);
  EXPECT_NE(Convert(told, At(20), &before).create_time().seconds(), before.create_time().seconds())
      << "a clock has been set";
}

TEST(FromHost, TheEtagIsOfWhatMatters) {
  const fleet::Session before = Convert(Attached(), At(20));
  control::Session told = Attached();
  told.mutable_client(0)->set_srtt_us(5);
  told.mutable_client(0)->set_datagrams_sent(5);
  told.set_last_input_at(kBegin);
  EXPECT_EQ(Convert(told, At(20), &before).etag(), before.etag());
  told.set_held(true);
  EXPECT_NE(Convert(told, At(20), &before).etag(), before.etag());
  EXPECT_NE(Convert(Detached(20), At(20), &before).etag(), before.etag());
}

TEST(FromHost, BearsAnythingAHostMaySay) {
  control::Session told;
  told.set_id("x");
  told.set_title("\xff");
  told.set_created_at(INT64_MAX);
  told.set_last_input_at(INT64_MIN);
  told.set_detached_since(-1);
  told.mutable_size()->set_rows(UINT32_MAX);
  told.add_client()->set_loss_to_server_percent(UINT32_MAX);
  told.mutable_client(0)->set_srtt_us(INT64_MIN);
  told.mutable_client(0)->set_id("\xc3(");
  const fleet::Session session = Convert(told, At(0));
  fleet::Session again;
  EXPECT_TRUE(again.ParseFromString(session.SerializeAsString()));
  EXPECT_EQ(session.title(), "\xef\xbf\xbd");
  EXPECT_EQ(session.size().rows(), INT32_MAX);
  EXPECT_EQ(session.clients(0).loss_to_server(), 1.0);
  EXPECT_LE(session.create_time().seconds(), 253'402'300'799);
}

TEST(IsSessionId, TakesLettersAndDigits) {
  EXPECT_TRUE(IsSessionId("aZ09"));
  EXPECT_TRUE(IsSessionId(std::string(64, 'a')));
  EXPECT_FALSE(IsSessionId(""));
  EXPECT_FALSE(IsSessionId(std::string(65, 'a')));
  EXPECT_FALSE(IsSessionId("a/b"));
  EXPECT_FALSE(IsSessionId("a b"));
}

TEST(ValidUtf8, ReplacesWhatBelongsToNoCharacter) {
  const std::string kReplaced = "\xef\xbf\xbd";
  EXPECT_EQ(ValidUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
            "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(ValidUtf8("\xc3"), kReplaced);
  EXPECT_EQ(ValidUtf8("\xc0\x80"), kReplaced + kReplaced) << "longer than needed";
  EXPECT_EQ(ValidUtf8("\xed\xa0\x80"), kReplaced + kReplaced + kReplaced) << "a surrogate";
  EXPECT_EQ(ValidUtf8("\xf4\x90\x80\x80").size(), 12u) << "beyond the last character";
  EXPECT_EQ(ValidUtf8(absl::string_view("a\0b", 3)), "a" + kReplaced + "b");
}

TEST(JoinSnapshot, PutsThePartsTogether) {
  std::vector<control::Reply> replies(2);
  control::Snapshot* first = replies[0].mutable_snapshot();
  first->set_title("t\xff");
  first->set_history(1);
  first->add_line("old");
  first->set_ansi("ab");
  first->mutable_size()->set_columns(80);
  control::Snapshot* second = replies[1].mutable_snapshot();
  second->add_line("new");
  second->set_ansi("cd");
  control::Run* run = second->add_row()->add_run();
  run->set_text("new");
  run->set_cells(3);
  run->set_attributes(1 << control::BOLD | 1 << control::CROSSED_OUT);
  run->mutable_foreground()->set_palette(4);
  run->mutable_background()->set_rgb(0x123456);
  const control::Snapshot whole = JoinSnapshot(replies);

  const fleet::Screen text = ScreenFromHost(whole, fleet::TEXT, "s", At(0));
  EXPECT_THAT(text.history(), ElementsAre("old"));
  EXPECT_THAT(text.lines(), ElementsAre("new"));
  EXPECT_EQ(text.rows_size(), 0);
  EXPECT_EQ(text.title(), "t\xef\xbf\xbd");
  EXPECT_EQ(text.size().columns(), 80);
  const fleet::Screen ansi = ScreenFromHost(whole, fleet::ANSI, "s", At(0));
  EXPECT_EQ(ansi.ansi(), "abcd");
  EXPECT_EQ(ansi.lines_size(), 0);
  const fleet::Screen cells = ScreenFromHost(whole, fleet::CELLS, "s", At(0));
  ASSERT_EQ(cells.rows_size(), 1);
  EXPECT_THAT(cells.rows(0).runs(0).attributes(),
              ElementsAre(fleet::Run::BOLD, fleet::Run::CROSSED_OUT));
  EXPECT_EQ(cells.rows(0).runs(0).foreground().palette(), 4u);
  EXPECT_EQ(cells.rows(0).runs(0).background().rgb(), 0x123456u);
}

}  // namespace
}  // namespace mosh::mgmt

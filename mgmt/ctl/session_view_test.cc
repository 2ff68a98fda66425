#include "mgmt/ctl/session_view.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "mgmt/ctl/testing/sample_sessions.h"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

TEST(SessionView, TableShowsWhoWhatAndHowWell) {
  const fleet::ListSessionsResponse list = SampleSessions();
  EXPECT_EQ(
      FormatTable(SessionRows(list.sessions(), false, kSampleTime), 0, false),
      "ID    USER   STATE           CLIENT                 RTT  LOSS  AGE  TITLE OR COMMAND\n"
      "ab12  alice  attached        192.0.2.7:61000 +1  250 ms   12%  2 h  vi ?]0;evil?notes\n"
      "ab34  bob    detached 5 min  -                        -     -  3 d  login shell\n"
      "cd56  carol  unheard, held   [2001:db8::1]:9      40 ms    0%  1 h  htop -d 5\n");
}

TEST(SessionView, WideTableShowsMore) {
  fleet::ListSessionsResponse list = SampleSessions();
  list.mutable_sessions()->DeleteSubrange(1, 2);
  EXPECT_EQ(FormatTable(SessionRows(list.sessions(), true, kSampleTime), 0, false),
            "ID    USER   STATE     CLIENT                 RTT  LOSS  ROAMS  SIZE   AGE   IDLE  "
            "PID   PORT  NODE  TITLE"
            "              COMMAND\n"
            "ab12  alice  attached  192.0.2.7:61000 +1  250 ms   12%      3  80x24  2 h  1 min  "
            "412  60001  n1    vi "
            "?]0;evil?notes  vi notes\n");
}

TEST(SessionView, DescribesEverything) {
  const std::string text = Describe(SampleSessions().sessions(0), kSampleTime, false);
  for (const char* line : {
           "Session ab12\n",
           "  name:            nodes/n1/sessions/ab12\n",
           "  user:            alice (1000)\n",
           "  state:           attached\n",
           "  watched by:      local:root(0)\n",
           "  size:            80x24, 17 lines of history\n",
           "  usage:           1.5 s of CPU, 3.0 MiB, 2 processes\n",
           "Client 1\n",
           "  roamed:          3 times; earlier 198.51.100.1:5\n",
           "  protocol:        mosh-fleet; resume, zstd\n",
           "  round trip:      250 ms ± 20 ms\n",
           "  loss:            1.0% to the server, 12% to the client\n",
           "  sent:            2.0 KiB in 10 datagrams, 8 frames; 1 sent again\n",
           "  predictions:     9 shown, 8 right, 1 wrong\n",
           "  protocol:        stock, view only\n",
           "  loss:            0% to the server, - to the client\n",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
  EXPECT_EQ(text.find('\033'), std::string::npos);
}

TEST(SessionView, EventsAreLines) {
  fleet::SessionEvent event;
  event.set_type(fleet::SessionEvent::MODIFIED);
  *event.mutable_session() = SampleSessions().sessions(2);
  const std::string line = EventLine(event, false, kSampleTime, false);
  EXPECT_EQ(line.substr(line.find(' ')),
            " ~ cd56  carol  unheard, held  [2001:db8::1]:9  40 ms  0%  htop -d 5\n");
  event.set_type(fleet::SessionEvent::DELETED);
  EXPECT_NE(EventLine(event, false, kSampleTime, false).find(" - cd56\n"), std::string::npos);
  event.set_type(fleet::SessionEvent::BOOKMARK);
  EXPECT_EQ(EventLine(event, false, kSampleTime, false), "");
}

TEST(SessionView, OfSeveralNodesEachIsNamed) {
  fleet::ListSessionsResponse list = SampleSessions();
  EXPECT_EQ(SessionRows(list.sessions(), false, kSampleTime)[0][1].text, "USER");
  list.mutable_sessions(1)->set_name("nodes/n2/sessions/ab34");
  const auto rows = SessionRows(list.sessions(), false, kSampleTime);
  EXPECT_EQ(rows[0][1].text, "NODE");
  EXPECT_EQ(rows[1][1].text, "n1");
  EXPECT_EQ(rows[2][1].text, "n2");
  fleet::SessionEvent event;
  event.set_type(fleet::SessionEvent::DELETED);
  event.mutable_session()->set_name("nodes/n2/sessions/ab34");
  EXPECT_NE(EventLine(event, true, kSampleTime, false).find(" - ab34  n2\n"), std::string::npos);
}

TEST(SessionView, SaysWhoDoesNotAnswer) {
  google::protobuf::RepeatedPtrField<std::string> names;
  EXPECT_EQ(UnreachableText(names), "");
  *names.Add() = "nodes/a";
  EXPECT_EQ(UnreachableText(names), "nodes/a doesn't answer: its");
  *names.Add() = "nodes/b";
  EXPECT_EQ(UnreachableText(names), "nodes/a, nodes/b don't answer: their");
  for (int i = 0; i < 1'000; ++i) *names.Add() = "nodes/c\033";
  EXPECT_EQ(UnreachableText(names).find('\033'), std::string::npos);
  EXPECT_NE(UnreachableText(names).find(" and 997 others don't answer: their"), std::string::npos);
}

TEST(SessionView, AuditEntriesAreLines) {
  fleet::AuditEntry entry;
  entry.set_sequence(7);
  entry.set_caller("local:bob(1001)");
  entry.set_method("mosh.fleet.v1.FleetService/GetScreen");
  entry.set_resource("nodes/n1/sessions/ab12");
  entry.set_code(7);
  entry.set_reason("curious\n");
  const std::string line = AuditLine(entry, false, false);
  EXPECT_NE(
      line.find(
          "  local:bob(1001)  GetScreen  nodes/n1/sessions/ab12  refused (7)  \"curious?\"\n"),
      std::string::npos)
      << line;
}

TEST(SessionView, NodesAndTheirHosts) {
  fleet::Node node;
  node.set_name("nodes/n1");
  node.set_state(fleet::Node::DRAINING);
  node.mutable_state_time()->set_seconds(absl::ToUnixSeconds(kSampleTime - absl::Minutes(5)));
  node.set_hostname("web-1");
  node.set_session_count(3);
  node.set_detached_session_count(1);
  node.set_client_count(3);
  node.set_load_average_1m(0.5);
  node.set_memory_available_bytes(2u << 30);
  fleet::Host* host = node.add_hosts();
  host->set_pid(400);
  host->set_user("alice");
  host->set_port(60001);
  host->set_session_count(1);
  host->set_shared(true);
  EXPECT_EQ(FormatTable(NodeRows(node, kSampleTime), 0, false),
            "NODE      HOSTNAME  STATE           SESSIONS  DETACHED  CLIENTS  HOSTS  LOAD  MEMORY FREE  "
            "UP  AGENT\n"
            "nodes/n1  web-1     draining 5 min         3         1        3      1  0.50      2.0 GiB  "
            " -  -\n");
  EXPECT_EQ(FormatTable(HostRows(node, kSampleTime), 0, false),
            "PID  USER    PORT  SESSIONS  KIND   AGE  MEMORY  VERSION\n"
            "400  alice  60001         1  moshd    -     0 B  -\n");
}

}  // namespace
}  // namespace mosh::mgmt::ctl

// Commands against Hosts that are fakes behind real sockets.
#include "server/run_subcommand.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/create_reactor.h"
#include "io/scope.h"
#include "server/control/control_listener.h"
#include "server/control/host_sockets.h"
#include "server/control/testing/fake_host_control.h"
#include "server/hand_over.h"

namespace mosh::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Verb = Subcommand::Verb;

constexpr int64_t kNow = 1'700'000'000'000'000;  // microseconds
constexpr int64_t kMinute = 60'000'000;

// Two servers of this user's: 11 with two sessions, 22 with one.
class RunSubcommandTest : public testing::Test {
 protected:
  RunSubcommandTest() {
    folder_ = "/tmp/run_subcommand_test.XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    Put(0, "k3x9z", kNow - 50 * kMinute, kNow - 5 * kMinute, "notes");
    Put(0, "k3abc", kNow - 40 * kMinute, 0, "");
    Put(1, "m7777", kNow - 200 * kMinute, kNow - 90 * kMinute, "\033[31mred\033[m");
    surroundings_.program = "mosh-server";
    surroundings_.now = absl::FromUnixMicros(kNow);
    surroundings_.sockets = {HostSocketPath(folder_, 11), HostSocketPath(folder_, 22)};
  }
  ~RunSubcommandTest() override { EXPECT_EQ(rmdir(folder_.c_str()), 0) << "something is left"; }

  void Put(int host, const std::string& id, int64_t created, int64_t detached,
           const std::string& title) {
    control::Session session;
    session.set_id(id);
    session.set_server_pid(host == 0 ? 11 : 22);
    session.set_pid(100);
    session.set_created_at(created);
    session.set_detached_since(detached);
    session.set_title(title);
    session.add_command("vim");
    session.add_command("a \"b\"");
    session.mutable_size()->set_columns(80);
    session.mutable_size()->set_rows(24);
    if (detached == 0) session.add_client()->set_address("192.0.2.7");
    if (detached == 0) session.add_client()->set_address("192.0.2.8");
    hosts_[host].Put(session);
  }

  // Runs `work` while the Hosts serve.
  void Beside(const std::function<void()>& work) {
    int done[2];
    ASSERT_EQ(pipe2(done, O_CLOEXEC | O_NONBLOCK), 0);
    std::unique_ptr<io::Reactor> reactor = *io::CreateReactor();
    std::vector<std::unique_ptr<ControlListener>> listeners;
    listeners.push_back(*ControlListener::Create(reactor.get(), folder_, 11));
    listeners.push_back(*ControlListener::Create(reactor.get(), folder_, 22));
    std::thread thread([&] {
      work();
      close(done[1]);
    });
    reactor->Run(Serve(reactor.get(), &listeners, done[0]));
    thread.join();
    close(done[0]);
  }
  io::Task<void> Serve(io::Reactor* reactor,
                       std::vector<std::unique_ptr<ControlListener>>* listeners, int done) {
    io::Scope scope;
    for (int i = 0; i < 2; ++i) scope.Spawn((*listeners)[i]->Run(&hosts_[i], scope.token()));
    const absl::Status status = co_await reactor->WaitReadable(done, {});
    EXPECT_TRUE(status.ok());
    co_await scope.CancelAndJoin();
  }
  SubcommandOutcome Run(const Subcommand& command) {
    SubcommandOutcome outcome;
    Beside([&] { outcome = RunSubcommand(command, surroundings_); });
    return outcome;
  }

  std::string folder_;
  FakeHostControl hosts_[2];
  SubcommandSurroundings surroundings_;
};

TEST_F(RunSubcommandTest, ListsAcrossServersOldestFirst) {
  const SubcommandOutcome outcome = Run({.verb = Verb::kList});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "ID     AGE     STATE           CLIENT        SIZE   TITLE OR COMMAND\n"
            "m7777  3 h     detached 1 h    -             80x24  ?[31mred?[m\n"
            "k3x9z  50 min  detached 5 min  -             80x24  notes\n"
            "k3abc  40 min  attached        192.0.2.7 +1  80x24  vim a \"b\"\n");
}

TEST_F(RunSubcommandTest, KeepsToTheWidth) {
  EXPECT_THAT(Run({.verb = Verb::kList, .columns = 10}).out,
              StartsWith("ID     AGE\nm7777  3 h\n"));
}

TEST_F(RunSubcommandTest, Json) {
  const std::string json = Run({.verb = Verb::kList, .json = true}).out;
  EXPECT_THAT(json, StartsWith("[{\"id\":\"m7777\",\"user\":\"\",\"command\":[\"vim\",\"a "
                               "\\\"b\\\"\"],\"pid\":100,\"title\":\"\\u001b[31mred\\u001b[m\","));
  EXPECT_THAT(json, HasSubstr("\"client\":[{\"id\":\"\",\"address\":\"192.0.2.7\","));
}

TEST_F(RunSubcommandTest, ASessionFoundTwiceIsOne) {
  surroundings_.sockets.push_back(surroundings_.sockets[0]);
  EXPECT_THAT(Run({.verb = Verb::kTerminate, .session = "k3a"}).err, "");
  EXPECT_THAT(hosts_[0].asked, ElementsAre("terminate k3abc"));
}

TEST_F(RunSubcommandTest, NothingThere) {
  surroundings_.sockets = {folder_ + "/33.sock"};
  SubcommandOutcome outcome = RunSubcommand({.verb = Verb::kList}, surroundings_);
  EXPECT_EQ(outcome.out, "No sessions.\n");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  outcome = RunSubcommand({.verb = Verb::kList, .json = true}, surroundings_);
  EXPECT_EQ(outcome.out, "[]\n");
  outcome = RunSubcommand({.verb = Verb::kAttach}, surroundings_);
  EXPECT_EQ(outcome.err, "mosh-server: there is no session\n");
  EXPECT_EQ(outcome.status, 2);
}

TEST_F(RunSubcommandTest, ABrokenServerDoesNotHideTheOthers) {
  surroundings_.sockets.push_back(std::string(200, 'x'));
  const SubcommandOutcome outcome = Run({.verb = Verb::kList});
  EXPECT_THAT(outcome.err, StartsWith("mosh-server: xxx"));
  EXPECT_THAT(outcome.out, HasSubstr("k3x9z"));
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(RunSubcommandTest, AttachesByTheBeginningOfAnId) {
  const SubcommandOutcome outcome = Run(
      {.verb = Verb::kAttach, .session = "k3x", .view_only = true, .steal = true, .verbosity = 1});
  ASSERT_TRUE(outcome.grant) << outcome.err;
  EXPECT_EQ(outcome.grant->port(), 60001);
  EXPECT_EQ(outcome.grant->key(), "SF/MlfhoOVaLoagbnZgzHQ");
  EXPECT_EQ(outcome.err, absl::StrCat("mosh-server: attached to session k3x9z of server 11 (",
                                      folder_, "/11.sock)\n"));
  EXPECT_THAT(hosts_[0].asked, ElementsAre("attach k3x9z view steal"));
}

TEST_F(RunSubcommandTest, AttachesToWhatWasDetachedLast) {
  EXPECT_TRUE(Run({.verb = Verb::kAttach}).grant);
  EXPECT_THAT(hosts_[0].asked, ElementsAre("attach k3x9z"));
  EXPECT_THAT(hosts_[1].asked, IsEmpty());
}

TEST_F(RunSubcommandTest, ASessionThatWaitsForItsFirstClientIsNotDetached) {
  control::Session session;
  session.set_id("fresh");
  session.set_created_at(kNow);
  session.set_detached_since(kNow);
  hosts_[1].Put(session);
  EXPECT_THAT(Run({.verb = Verb::kList}).out, HasSubstr("fresh  0 s     awaited"));
  EXPECT_TRUE(Run({.verb = Verb::kAttach}).grant);
  EXPECT_THAT(hosts_[0].asked, ElementsAre("attach k3x9z"));
}

TEST_F(RunSubcommandTest, IdsMustMeanOneSession) {
  SubcommandOutcome outcome = Run({.verb = Verb::kAttach, .session = "k3"});
  EXPECT_EQ(outcome.err, "mosh-server: k3 is not enough: k3x9z (server 11) k3abc (server 11)\n");
  EXPECT_EQ(outcome.status, 2);
  outcome = Run({.verb = Verb::kTerminate, .session = "zzz"});
  EXPECT_EQ(outcome.err, "mosh-server: no session zzz\n");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(hosts_[0].asked, IsEmpty());
}

TEST_F(RunSubcommandTest, AllAreAttached) {
  hosts_[0].Remove("k3x9z");
  hosts_[1].Remove("m7777");
  const SubcommandOutcome outcome = Run({.verb = Verb::kAttach});
  EXPECT_EQ(outcome.err, "mosh-server: no session is without a client; name one by its ID\n");
  EXPECT_EQ(outcome.status, 2);
}

TEST_F(RunSubcommandTest, DetachesTheSessionItRunsIn) {
  SubcommandOutcome outcome = RunSubcommand({.verb = Verb::kDetach}, surroundings_);
  EXPECT_EQ(outcome.err,
            "mosh-server: which session? Give its ID; this is not run in one of ours\n");
  EXPECT_EQ(outcome.status, 1);
  surroundings_.own_session = "k3abc";
  outcome = Run({.verb = Verb::kDetach});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(hosts_[0].asked, ElementsAre("detach k3abc"));
}

TEST_F(RunSubcommandTest, NotifiesAndTerminates) {
  EXPECT_EQ(Run({.verb = Verb::kNotify, .session = "m", .text = "back at six"}).status, 0);
  EXPECT_EQ(Run({.verb = Verb::kTerminate, .session = "m7777", .at_once = true}).status, 0);
  EXPECT_THAT(hosts_[1].asked, ElementsAre("notify m7777 back at six", "terminate m7777 now"));
}

TEST_F(RunSubcommandTest, HoldsAndReleases) {
  EXPECT_EQ(Run({.verb = Verb::kHold, .session = "m", .text = "wait"}).status, 0);
  EXPECT_EQ(Run({.verb = Verb::kRelease, .session = "m"}).status, 0);
  EXPECT_THAT(hosts_[1].asked, ElementsAre("hold m7777 wait", "release m7777"));
}

TEST_F(RunSubcommandTest, TheListShowsWhatIsKnown) {
  control::Session session = *hosts_[1].Describe("m7777");
  session.set_held(true);
  session.add_watcher("bob");
  control::Client* const client = session.add_client();
  client->add_capability("resume");
  client->set_frames_sent(5);
  client->mutable_predictions()->set_shown(9);
  hosts_[1].Put(session);
  EXPECT_THAT(Run({.verb = Verb::kList}).out, HasSubstr("detached 1 h, held  "));
  const std::string json = Run({.verb = Verb::kList, .json = true}).out;
  EXPECT_THAT(json, HasSubstr("\"held\":true,\"watcher\":[\"bob\"]}"));
  EXPECT_THAT(json, HasSubstr("\"capability\":[\"resume\"],\"frames_sent\":5,"));
  EXPECT_THAT(json, HasSubstr("\"predictions\":{\"shown\":9,\"correct\":0,\"wrong\":0}}"));
}

TEST_F(RunSubcommandTest, TheServersRefusalIsShown) {
  hosts_[1].answer = absl::FailedPreconditionError("not now");
  const SubcommandOutcome outcome = Run({.verb = Verb::kTerminate, .session = "m7777"});
  EXPECT_EQ(outcome.err, "mosh-server: not now\n");
  EXPECT_EQ(outcome.status, 3);
}

TEST_F(RunSubcommandTest, ShowsALongSnapshotWhole) {
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    hosts_[1].snapshot.add_line(absl::StrCat("line ", i, " of many, long enough to be split"));
    absl::StrAppend(&expected, hosts_[1].snapshot.line(i), "\n");
  }
  EXPECT_EQ(Run({.verb = Verb::kSnapshot, .session = "m"}).out, expected);
}

TEST_F(RunSubcommandTest, ANewSessionIsHandedOver) {
  CommandLine line;
  line.command = {"top"};
  absl::StatusOr<control::Grant> grant = absl::UnknownError("not asked");
  Beside([&] {
    grant = HandOver(surroundings_.sockets[0],
                     DescribeNewSession(line, Environment({"A=b", "odd"}), {80, 24}, rlimit{}),
                     std::chrono::seconds(20));
  });
  ASSERT_TRUE(grant.ok()) << grant.status();
  EXPECT_EQ(grant->port(), 60001);
  EXPECT_THAT(hosts_[0].asked, ElementsAre("new top"));
}

TEST(HandOver, OnlyWhatMoshdCanDo) {
  EXPECT_TRUE(MayHandOver(CommandLine(), Timeouts()));
  CommandLine line;
  line.ports_given = true;
  EXPECT_FALSE(MayHandOver(line, Timeouts()));
  Timeouts timeouts;
  timeouts.network = std::chrono::seconds(5);
  EXPECT_FALSE(MayHandOver(CommandLine(), timeouts));
}

TEST(HandOver, DescribesTheSurroundings) {
  CommandLine line;
  line.colors = -1;
  line.verbosity = 7;
  rlimit core = {.rlim_cur = 5, .rlim_max = 6};
  const control::NewSession session = DescribeNewSession(
      line, Environment({"A=b", "odd", "=c", "D=", "MOSH_SESSION_ID=outer"}), {100, 30}, core);
  EXPECT_THAT(session.environment(), ElementsAre("A=b", "D="));
  EXPECT_EQ(session.colors(), 0);
  EXPECT_EQ(session.verbosity(), 2);
  EXPECT_EQ(session.size().columns(), 100);
  EXPECT_EQ(session.core_limit(), 5);
  EXPECT_THAT(session.directory(), StartsWith("/"));
}

TEST(HandOver, NobodyThere) {
  EXPECT_FALSE(HandOver("/nowhere/gate.sock", control::NewSession(), std::chrono::seconds(1)).ok());
}

}  // namespace
}  // namespace mosh::server

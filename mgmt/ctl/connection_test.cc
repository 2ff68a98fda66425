// Which agent is asked: contexts, variables, the usual places, a private one; and watches that
// outlive their stream.
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mgmt/ctl/api.h"
#include "mgmt/ctl/server_choice.h"
#include "mgmt/ctl/session_watch.h"
#include "mgmt/ctl/testing/moshctl_runner.h"

namespace mosh::mgmt::ctl {
namespace {

namespace fleet = ::mosh::fleet::v1;

using testing::HasSubstr;

class ConnectionTest : public testing::Test {
 protected:
  void WriteConfig(const std::string& text) {
    const std::string directory = absl::StrCat(moshctl_.directory(), "/.config/moshctl");
    std::filesystem::create_directories(directory);
    std::ofstream(absl::StrCat(directory, "/config.yaml")) << text;
  }
  std::string Config() {
    std::ifstream file(absl::StrCat(moshctl_.directory(), "/.config/moshctl/config.yaml"));
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // An agent where a user's own listens.
  std::unique_ptr<grpc::Server> ServeAsUser() {
    std::filesystem::create_directory(absl::StrCat(moshctl_.directory(), "/mosh"));
    chmod(absl::StrCat(moshctl_.directory(), "/mosh").c_str(), 0700);
    return ServeAt(absl::StrCat(moshctl_.directory(), "/mosh/agent.sock"), &moshctl_.fleet);
  }
  std::string FakeAgentDirectory() {
    return absl::StrCat(getenv("TEST_SRCDIR"), "/mosh_fleet/mgmt/ctl/testing");
  }
  std::string Chosen(const ServerFlags& flags) {
    const absl::StatusOr<ServerChoice> choice = ChooseServer(flags, moshctl_.surroundings);
    return choice.ok() ? choice->address : std::string(choice.status().message());
  }

  MoshctlRunner moshctl_;
};

TEST_F(ConnectionTest, WhatIsNamedGoesBeforeWhatIsFound) {
  EXPECT_EQ(Chosen({}), "");
  const auto user = ServeAsUser();
  EXPECT_EQ(Chosen({}), absl::StrCat("unix:", moshctl_.directory(), "/mosh/agent.sock"));
  moshctl_.StartAgent();
  EXPECT_EQ(Chosen({}), absl::StrCat("unix:", moshctl_.surroundings.system_socket));
  WriteConfig(
      "current-context: a\ncontexts:\n- {name: a, server: 'unix:/a'}\n- {name: b, server: /b}\n");
  EXPECT_EQ(Chosen({}), "unix:/a");
  moshctl_.variables["MOSHCTL_SERVER"] = "unix:/variable";
  EXPECT_EQ(Chosen({}), "unix:/variable");
  EXPECT_EQ(Chosen({.context = "b"}), "unix:/b");
  EXPECT_EQ(Chosen({.server = "/flag", .context = "b"}), "unix:/flag");
  EXPECT_THAT(Chosen({.context = "c"}), HasSubstr("no context 'c'"));
}

TEST_F(ConnectionTest, AgentsOfOtherMachinesWantCertificates) {
  const Outcome none = moshctl_.Run({"ls", "--server", "127.0.0.1:1"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("--tls-cert and --tls-key"));
  const Outcome missing = moshctl_.Run(
      {"ls", "--server", "127.0.0.1:1", "--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("/nowhere.pem"));
}

TEST_F(ConnectionTest, AnAgentThatIsNotThereIsUnreachable) {
  const Outcome ls = moshctl_.Run({"ls", "--server", "unix:/nowhere/agent.sock"});
  EXPECT_EQ(ls.code, 4);
  EXPECT_THAT(ls.err, HasSubstr("can't reach the agent at unix:/nowhere/agent.sock"));
}

TEST_F(ConnectionTest, WithoutAnyAgentItHasOneOfItsOwn) {
  moshctl_.surroundings.program_directory = FakeAgentDirectory();
  const Outcome ls = moshctl_.Run({"ls"});
  EXPECT_EQ(ls.code, 0) << ls.err;
  EXPECT_THAT(ls.out, HasSubstr("ab12"));
  EXPECT_EQ(ls.err, "");
  // Nothing of it is left.
  EXPECT_EQ(waitpid(-1, nullptr, 0), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_TRUE(std::filesystem::is_empty(absl::StrCat(moshctl_.directory(), "/mosh")));
  EXPECT_THAT(moshctl_.Run({"ls", "-v"}).err, HasSubstr("no agent runs here: started "));
}

TEST_F(ConnectionTest, APrivateAgentThatFailsIsQuoted) {
  moshctl_.surroundings.program_directory = FakeAgentDirectory();
  setenv("MOSH_FAKE_AGENT", "fail", 1);
  const Outcome ls = moshctl_.Run({"ls"});
  unsetenv("MOSH_FAKE_AGENT");
  EXPECT_EQ(ls.code, 4);
  EXPECT_THAT(ls.err, HasSubstr("ended at once: the moon is full\n"));
}

TEST_F(ConnectionTest, NoAgentToBeStartedIsUnreachable) {
  moshctl_.surroundings.program_directory = "/nowhere";
  const std::string path = getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  const Outcome ls = moshctl_.Run({"ls"});
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(ls.code, 4);
  EXPECT_THAT(ls.err, HasSubstr("Install mosh-agent beside moshctl"));
}

TEST_F(ConnectionTest, WhatIsOnAnotherNodeIsAskedThere) {
  moshctl_.StartAgent();
  moshctl_.fleet.elsewhere["nodes/n2"] = "n2:7446";
  FakeFleet there;
  const std::string socket = absl::StrCat(moshctl_.directory(), "/there.sock");
  const auto server = ServeAt(socket, &there);
  std::vector<std::string> opened;
  const auto channel_to = [](const std::string& path) {
    return *OpenChannel({.address = absl::StrCat("unix:", path)});
  };
  Api api(channel_to(moshctl_.surroundings.system_socket), "here", absl::Seconds(10),
          [&](const std::string& endpoint) -> absl::StatusOr<std::shared_ptr<grpc::Channel>> {
            opened.push_back(endpoint);
            return channel_to(socket);
          });
  fleet::TerminateSessionRequest request;
  request.set_name("nodes/n1/sessions/ab12");
  EXPECT_TRUE(api.Call(&Api::Stub::TerminateSession, request).ok());
  EXPECT_TRUE(opened.empty());
  request.set_name("nodes/n2/sessions/x");
  EXPECT_EQ(api.Call(&Api::Stub::TerminateSession, request).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(there.Asked(),
              testing::ElementsAre("TerminateSession name: \"nodes/n2/sessions/x\""));
  // Who is sent on to somebody who would send him on stops there.
  there.elsewhere["nodes/n2"] = "n2:7446";
  EXPECT_EQ(api.Call(&Api::Stub::TerminateSession, request).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(opened, testing::ElementsAre("n2:7446")) << "one connection does";
}

TEST_F(ConnectionTest, AnotherNodeWantsACertificate) {
  moshctl_.StartAgent();
  moshctl_.fleet.elsewhere["nodes/n2"] = "n2:7446";
  const Outcome kill = moshctl_.Run({"kill", "nodes/n2/sessions/x"});
  EXPECT_EQ(kill.code, 1);
  EXPECT_THAT(kill.err, HasSubstr("that is on another node: an agent at n2:7446 wants to know by "
                                  "certificate who asks"));
}

TEST_F(ConnectionTest, ContextsAreListedAndChosen) {
  EXPECT_THAT(moshctl_.Run({"config", "get-contexts"}).out, HasSubstr("No contexts; "));
  WriteConfig("# mine\ncontexts:\n- {name: a, server: 'unix:/a'}\n");
  EXPECT_EQ(moshctl_.Run({"config", "use-context", "b"}).code, 1);
  EXPECT_EQ(moshctl_.Run({"config", "use-context", "a"}).code, 0);
  EXPECT_EQ(moshctl_.Run({"config", "get-contexts"}).out,
            "CURRENT  NAME  SERVER\n"
            "*        a     unix:/a\n");
  EXPECT_THAT(Config(), HasSubstr("# mine\n"));
  WriteConfig("contexts: 7\n");
  EXPECT_EQ(moshctl_.Run({"ls"}).code, 1);
}

// The watch alone, with a clock that the test advances.
class SessionWatchTest : public testing::Test {
 protected:
  SessionWatchTest() {
    moshctl_.StartAgent();
    api_ = std::make_unique<Api>(
        *OpenChannel(
            {.address = absl::StrCat("unix:", moshctl_.surroundings.system_socket), .tls = {}}),
        "s", absl::Seconds(10));
    watch_ = std::make_unique<SessionWatch>(api_.get(), kAnyNode, "");
  }

  static FakeFleet::Watch Script(
      const std::vector<std::pair<fleet::SessionEvent::Type, std::string>>& events,
      grpc::StatusCode end) {
    FakeFleet::Watch watch;
    for (const auto& [type, version] : events) {
      fleet::SessionEvent* event = watch.responses.emplace_back().add_events();
      event->set_type(type);
      event->set_resource_version(version);
    }
    watch.end = grpc::Status(end, "over");
    return watch;
  }

  // The next news that says anything. Time goes on when nothing else would.
  absl::StatusOr<SessionWatch::News> Next() {
    while (true) {
      auto news = watch_->Poll(now_);
      if (!news.ok() || !news->events.empty() || !news->trouble.empty()) return news;
      if (watch_->fd() < 0) {
        now_ = watch_->wake_time();
        continue;
      }
      pollfd ready = {watch_->fd(), POLLIN, 0};
      poll(&ready, 1, -1);
    }
  }

  MoshctlRunner moshctl_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<SessionWatch> watch_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
};

TEST_F(SessionWatchTest, GoesOnFromTheLastVersion) {
  moshctl_.fleet.AddWatch(Script({{fleet::SessionEvent::ADDED, "v1"},
                                  {fleet::SessionEvent::SYNCED, "v2"},
                                  {fleet::SessionEvent::MODIFIED, "v3"}},
                                 grpc::StatusCode::UNAVAILABLE));
  moshctl_.fleet.AddWatch(
      Script({{fleet::SessionEvent::MODIFIED, "v4"}}, grpc::StatusCode::UNAVAILABLE));
  moshctl_.fleet.AddWatch(Script({}, grpc::StatusCode::OUT_OF_RANGE));
  EXPECT_TRUE(Next()->anew);
  EXPECT_FALSE(Next()->anew);
  EXPECT_EQ(Next()->events[0].resource_version(), "v3");
  EXPECT_THAT(Next()->trouble, HasSubstr("over"));
  const auto resumed = Next();
  EXPECT_FALSE(resumed->anew);
  EXPECT_EQ(resumed->events[0].resource_version(), "v4");
  EXPECT_EQ(moshctl_.fleet.Asked()[1],
            "WatchSessions parent: \"nodes/-\" resource_version: \"v3\"");
  EXPECT_NE(Next()->trouble, "");
  // Too long ago: all of it again.
  EXPECT_TRUE(Next()->anew);
  EXPECT_EQ(moshctl_.fleet.Asked()[2],
            "WatchSessions parent: \"nodes/-\" resource_version: \"v4\"");
  EXPECT_EQ(moshctl_.fleet.Asked()[3], "WatchSessions parent: \"nodes/-\"");
}

TEST_F(SessionWatchTest, HalfASnapshotIsNothingToGoOnFrom) {
  moshctl_.fleet.AddWatch(
      Script({{fleet::SessionEvent::ADDED, "v1"}}, grpc::StatusCode::UNAVAILABLE));
  EXPECT_TRUE(Next()->anew);
  EXPECT_NE(Next()->trouble, "");
  EXPECT_TRUE(Next()->anew);
  EXPECT_EQ(moshctl_.fleet.Asked()[1], "WatchSessions parent: \"nodes/-\"");
}

TEST_F(SessionWatchTest, WhatNeverBeganOrWasRefusedIsAnError) {
  moshctl_.fleet.AddWatch(Script({}, grpc::StatusCode::UNAVAILABLE));
  EXPECT_EQ(Next().status().code(), absl::StatusCode::kUnavailable);
  moshctl_.fleet.AddWatch(
      Script({{fleet::SessionEvent::SYNCED, "v1"}}, grpc::StatusCode::PERMISSION_DENIED));
  watch_ = std::make_unique<SessionWatch>(api_.get(), kAnyNode, "");
  EXPECT_TRUE(Next().ok());
  EXPECT_EQ(Next().status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(SessionWatchTest, AnAgentThatSaysNothingIsGivenUp) {
  moshctl_.fleet.mute_watches = true;
  EXPECT_TRUE(watch_->Poll(now_).ok());
  EXPECT_EQ(watch_->wake_time(), now_ + absl::Seconds(10));
  now_ = watch_->wake_time();
  EXPECT_EQ(watch_->Poll(now_).status().code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace mosh::mgmt::ctl

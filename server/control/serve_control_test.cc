// A listener and clients of it over real sockets.
#include "server/control/serve_control.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/create_reactor.h"
#include "io/event.h"
#include "io/scope.h"
#include "server/control/control_client.h"
#include "server/control/control_listener.h"
#include "server/control/host_sockets.h"
#include "server/control/testing/fake_host_control.h"

namespace mosh::server {
namespace {

using testing::ElementsAre;

ControlClient::Deadline Patience() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(20);
}

// A Host's loop in this thread, a blocking client in another.
class ServeControlTest : public testing::Test {
 protected:
  ServeControlTest() {
    folder_ = "/tmp/serve_control_test.XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = HostSocketPath(folder_, getpid());
  }
  ~ServeControlTest() override { EXPECT_EQ(rmdir(folder_.c_str()), 0) << "something is left"; }

  // Runs the Host until `client` has returned.
  void Serve(const std::function<void()>& client) {
    int done[2];
    ASSERT_EQ(pipe2(done, O_CLOEXEC | O_NONBLOCK), 0);
    std::unique_ptr<io::Reactor> reactor = *io::CreateReactor();
    auto listener = ControlListener::Create(reactor.get(), folder_, getpid());
    ASSERT_TRUE(listener.ok()) << listener.status();
    std::thread thread([&] {
      client();
      close(done[1]);
    });
    reactor->Run(Host(reactor.get(), listener->get(), done[0]));
    thread.join();
    close(done[0]);
  }
  io::Task<void> Host(io::Reactor* reactor, ControlListener* listener, int done) {
    io::Scope scope;
    scope.Spawn(listener->Run(&host_, scope.token()));
    const absl::Status status = co_await reactor->WaitReadable(done, {});
    EXPECT_TRUE(status.ok());
    co_await scope.CancelAndJoin();
  }
  ControlClient Connect() {
    absl::StatusOr<ControlClient> client = ControlClient::Connect(path_, Patience());
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }
  static control::Request List() {
    control::Request request;
    request.mutable_list_sessions();
    return request;
  }

  std::string folder_, path_;
  FakeHostControl host_;
};

TEST_F(ServeControlTest, AListAndAnAttachmentOverOneConnection) {
  for (int i = 0; i < 1000; ++i) host_.Put(absl::StrCat("s", i), std::string(200, 'x'));
  Serve([this] {
    struct stat file;
    EXPECT_EQ(stat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 07777, 0600);
    ControlClient client = Connect();
    const absl::StatusOr<std::vector<control::Reply>> list = client.Ask(List(), Patience());
    ASSERT_TRUE(list.ok()) << list.status();
    int sessions = 0;
    for (const control::Reply& reply : *list) sessions += reply.session_size();
    EXPECT_EQ(sessions, 1000);
    control::Request request;
    request.mutable_attach()->set_session_id("s5");
    const absl::StatusOr<std::vector<control::Reply>> grant = client.Ask(request, Patience());
    ASSERT_TRUE(grant.ok()) << grant.status();
    EXPECT_EQ((*grant)[0].grant().port(), 60001);
  });
  EXPECT_THAT(host_.asked, ElementsAre("attach s5"));
  EXPECT_NE(access(path_.c_str(), F_OK), 0) << "the socket goes with its listener";
}

// As when logind clears /run/user/UID away and another login makes it again.
TEST_F(ServeControlTest, ARemovedSocketIsMadeAgain) {
  const std::string folder = absl::StrCat(folder_, "/user/mosh");
  const std::string above = absl::StrCat(folder_, "/user");
  const std::string top = std::exchange(folder_, folder);
  path_ = HostSocketPath(folder, getpid());
  ASSERT_EQ(mkdir(above.c_str(), 0700), 0);
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  Serve([&] {
    ControlClient before = Connect();
    EXPECT_TRUE(before.Ask(List(), Patience()).ok());
    // At once, or the file might be back before its folder goes.
    EXPECT_EQ(rename(above.c_str(), absl::StrCat(top, "/gone").c_str()), 0);
    EXPECT_TRUE(before.Ask(List(), Patience()).ok()) << "a connection outlives the file";
    EXPECT_EQ(mkdir(above.c_str(), 0700), 0);
    const ControlClient::Deadline limit = Patience();
    while (access(path_.c_str(), F_OK) != 0 && std::chrono::steady_clock::now() < limit) {
      std::this_thread::yield();
    }
    ControlClient after = Connect();
    EXPECT_TRUE(after.Ask(List(), Patience()).ok());
  });
  folder_ = top;
  EXPECT_EQ(rmdir(folder.c_str()), 0);
  EXPECT_EQ(rmdir(above.c_str()), 0);
  std::filesystem::remove_all(absl::StrCat(top, "/gone"));
}

TEST_F(ServeControlTest, ErrorsComeBackAsStatuses) {
  host_.answer = absl::NotFoundError("no session s5");
  Serve([this] {
    ControlClient client = Connect();
    control::Request request;
    request.mutable_detach()->set_session_id("s5");
    EXPECT_EQ(client.Ask(request, Patience()).status(), absl::NotFoundError("no session s5"));
    request.mutable_notify()->set_text(std::string(70'000, 'x'));
    EXPECT_EQ(client.Ask(request, Patience()).status().code(), absl::StatusCode::kOutOfRange);
  });
}

TEST_F(ServeControlTest, ASubscriberSeesWhatOthersDo) {
  host_.Put("s1");
  Serve([this] {
    ControlClient watcher = Connect();
    control::Request request;
    request.mutable_subscribe();
    ASSERT_TRUE(watcher.Send(&request, Patience()).ok());
    EXPECT_TRUE(watcher.Receive(Patience())->synced());
    ControlClient other = Connect();
    request.mutable_terminate()->set_session_id("s1");
    EXPECT_TRUE(other.Ask(request, Patience()).ok());
    const absl::StatusOr<control::Reply> news = watcher.Receive(Patience());
    ASSERT_TRUE(news.ok()) << news.status();
    EXPECT_THAT(news->gone(), ElementsAre("s1"));
  });
  EXPECT_EQ(host_.watchers(), 0);
}

TEST_F(ServeControlTest, ASubscriberWhoDoesNotReadStopsNobody) {
  for (int i = 0; i < 2000; ++i) host_.Put(absl::StrCat("s", i), std::string(200, 'x'));
  Serve([this] {
    ControlClient sleeper = Connect();
    control::Request request;
    request.mutable_subscribe();
    ASSERT_TRUE(sleeper.Send(&request, Patience()).ok());
    ControlClient other = Connect();
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(other.Ask(List(), Patience()).ok());
    }
    // It finds everything when it wakes up.
    int sessions = 0;
    bool synced = false;
    while (!synced) {
      const absl::StatusOr<control::Reply> reply = sleeper.Receive(Patience());
      ASSERT_TRUE(reply.ok()) << reply.status();
      sessions += reply->session_size();
      synced = reply->synced();
    }
    EXPECT_EQ(sessions, 2000);
  });
}

TEST_F(ServeControlTest, TooManyConnectionsAreToldSo) {
  Serve([this] {
    std::vector<ControlClient> clients;
    for (size_t i = 0; i < ControlListener::kMaxConnections; ++i) {
      clients.push_back(Connect());
      // Accepted for sure, once it has been answered.
      ASSERT_TRUE(clients.back().Ask(List(), Patience()).ok());
    }
    ControlClient late = Connect();
    EXPECT_EQ(late.Receive(Patience()).status(),
              absl::ResourceExhaustedError("too many control connections"));
    EXPECT_TRUE(clients[0].Ask(List(), Patience()).ok());
  });
}

TEST_F(ServeControlTest, AConnectionHandedOverIsServedTheSame) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  host_.Put("s1");
  std::thread thread([&] {
    ControlClient client{io::OwnedFd(ends[1])};
    const auto list = client.Ask(List(), Patience());
    ASSERT_TRUE(list.ok()) << list.status();
    EXPECT_EQ((*list)[0].session(0).id(), "s1");
  });
  std::unique_ptr<io::Reactor> reactor = *io::CreateReactor();
  ASSERT_EQ(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
  reactor->Run(ServeControl(reactor.get(),
                            *io::UnixConnection::Adopt(reactor.get(), io::OwnedFd(ends[0])), &host_,
                            io::StopToken()));
  thread.join();
}

TEST_F(ServeControlTest, NobodyListens) {
  EXPECT_EQ(ControlClient::Connect(path_, Patience()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(
      ControlClient::Connect(std::string(200, 'x'), Patience()).status().message().substr(0, 3),
      "xxx");
}

// A Host that hangs: connected to, never answering.
TEST_F(ServeControlTest, TheClientsPatienceIsLimited) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  ControlClient client{io::OwnedFd(ends[1])};
  const io::OwnedFd other(ends[0]);
  EXPECT_EQ(client.Ask(List(), std::chrono::steady_clock::now()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(MayControl, OwnerAndRoot) {
  EXPECT_TRUE(MayControl({.pid = 1, .uid = 1000}, 1000));
  EXPECT_TRUE(MayControl({.pid = 1, .uid = 0}, 1000));
  EXPECT_FALSE(MayControl({.pid = 1, .uid = 1001}, 1000));
  EXPECT_FALSE(MayControl({}, 1000));
}

}  // namespace
}  // namespace mosh::server

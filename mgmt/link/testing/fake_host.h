// A Host's side of the control socket without a Host: sessions as tests want them, and a record of
// what was asked. The real one (server/control) brings //crypto, which nothing here may link.
#ifndef MGMT_LINK_TESTING_FAKE_HOST_H_
#define MGMT_LINK_TESTING_FAKE_HOST_H_

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/scope.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/unix_socket.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

namespace control = ::mosh::server::control;

class FakeHost {
 public:
  // Listens from here on.
  FakeHost(io::Reactor* reactor, const std::string& path);

  io::Task<void> Run(io::StopToken stop);

  // Adds a session or changes it, and tells the subscribers.
  void Put(control::Session session);
  void Put(const std::string& id, const std::string& title = "");
  // Changes it and tells nobody, as measurements do.
  void PutSilently(const std::string& id, const std::string& title);
  void Remove(const std::string& id);
  // To those who watch its screen.
  void Show(const control::Frame& frame);
  // Ends the subscriptions of screens as a session's end does.
  void EndScreens();
  // To everybody, whatever it is.
  void SendRaw(const std::string& packet);
  void HangUp();

  // "detach abcde", oldest first. Not what links ask by themselves.
  std::vector<std::string> asked;
  bool mute = false;       // never answers
  bool knows_input = true;  // can tell what is typed
  bool old = false;        // knows neither GetHost nor GetSession nor screens nor limits
  control::Limits limits;  // that the owner has told
  absl::Status answer;     // to everything that changes something
  int connections = 0;     // there are now
  int requests = 0;        // have come
  io::Event changed;       // set when one of these has changed

 private:
  struct Connection {
    std::unique_ptr<io::UnixConnection> socket;
    io::Scope* scope = nullptr;
    std::deque<std::string> outbox;
    io::Event output;
    uint64_t subscription = 0;  // ids of requests
    uint64_t screen = 0;
  };

  io::Task<void> Serve(Connection* connection, io::StopToken stop);
  io::Task<void> Listen(Connection* connection, io::Scope* scope);
  io::Task<void> Speak(Connection* connection, io::Scope* scope);
  void Obey(const control::Request& request, Connection* connection);
  static void Say(const control::Reply& reply, Connection* connection);
  void SayAll(control::Reply reply, bool subscription, Connection* connection);

  std::unique_ptr<io::UnixListener> listener_;
  std::map<std::string, control::Session> sessions_;
  std::list<Connection> connections_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_LINK_TESTING_FAKE_HOST_H_

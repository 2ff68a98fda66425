// A HostControl without a Host: sessions as tests want them, and a record of what was asked.
#ifndef SERVER_CONTROL_TESTING_FAKE_HOST_CONTROL_H_
#define SERVER_CONTROL_TESTING_FAKE_HOST_CONTROL_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/host_control.h"

namespace mosh::server {

class FakeHostControl final : public HostControl {
 public:
  // Adds a session or changes it, and tells the watchers.
  void Put(control::Session session) {
    const std::string id = session.id();
    if (sessions_.count(id) == 0) order_.push_back(id);
    sessions_[id] = std::move(session);
    for (SessionWatcher* watcher : watchers_) watcher->OnSessionChanged(id);
  }
  void Put(const std::string& id, const std::string& title = "") {
    control::Session session;
    session.set_id(id);
    session.set_title(title);
    Put(std::move(session));
  }
  void Remove(const std::string& id) {
    sessions_.erase(id);
    std::erase(order_, id);
    for (SessionWatcher* watcher : watchers_) watcher->OnSessionGone(id);
  }

  // What was asked, oldest first: "attach abcde view", "notify abcde hello".
  std::vector<std::string> asked;
  absl::Status answer;  // to everything that changes something
  control::Snapshot snapshot;
  mutable int describes = 0;
  size_t watchers() const { return watchers_.size(); }

  absl::StatusOr<control::Grant> NewSession(const control::NewSession& request) override {
    asked.push_back(absl::StrCat("new", request.command_size() > 0 ? " " : "",
                                 request.command_size() > 0 ? request.command(0) : ""));
    return MakeGrant("fresh");
  }
  absl::StatusOr<control::Grant> Attach(const control::Attach& request) override {
    asked.push_back(absl::StrCat("attach ", request.session_id(),
                                 request.view_only() ? " view" : "",
                                 request.steal() ? " steal" : ""));
    return MakeGrant(request.session_id());
  }
  absl::Status Detach(const control::Detach& request) override {
    asked.push_back(absl::StrCat("detach ", request.session_id()));
    return answer;
  }
  absl::Status Terminate(const control::Terminate& request) override {
    asked.push_back(
        absl::StrCat("terminate ", request.session_id(), request.at_once() ? " now" : ""));
    if (answer.ok()) Remove(request.session_id());
    return answer;
  }
  absl::Status Notify(const control::Notify& request) override {
    asked.push_back(absl::StrCat("notify ", request.session_id(), " ", request.text()));
    return answer;
  }
  absl::StatusOr<control::Snapshot> TakeSnapshot(const control::TakeSnapshot& request) override {
    asked.push_back(absl::StrCat("snapshot ", request.session_id()));
    if (!answer.ok()) return answer;
    return snapshot;
  }
  std::vector<std::string> SessionIds() const override { return order_; }
  absl::StatusOr<control::Session> Describe(absl::string_view session_id) const override {
    ++describes;
    const auto found = sessions_.find(std::string(session_id));
    if (found == sessions_.end()) return absl::NotFoundError("no such session");
    return found->second;
  }
  void AddWatcher(SessionWatcher* watcher) override { watchers_.push_back(watcher); }
  void RemoveWatcher(SessionWatcher* watcher) override { std::erase(watchers_, watcher); }

 private:
  absl::StatusOr<control::Grant> MakeGrant(const std::string& id) {
    if (!answer.ok()) return answer;
    control::Grant grant;
    grant.set_session_id(id);
    grant.set_port(60001);
    grant.set_key("SF/MlfhoOVaLoagbnZgzHQ");
    return grant;
  }

  std::map<std::string, control::Session> sessions_;
  std::vector<std::string> order_;
  std::vector<SessionWatcher*> watchers_;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_TESTING_FAKE_HOST_CONTROL_H_

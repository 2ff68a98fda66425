// A HostControl without a Host: sessions as tests want them, and a record of what was asked.
#ifndef SERVER_CONTROL_TESTING_FAKE_HOST_CONTROL_H_
#define SERVER_CONTROL_TESTING_FAKE_HOST_CONTROL_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/host_control.h"
#include "term/screen.h"

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
    screens_.erase(id);
    for (ScreenWatcher* watcher : std::exchange(screen_watchers_[id], {})) watcher->OnScreenGone();
    screen_watchers_.erase(id);
    for (SessionWatcher* watcher : watchers_) watcher->OnSessionGone(id);
  }

  // What a session shows; nullopt: it keeps it back.
  void Draw(const std::string& id, std::optional<term::Screen> screen) {
    screens_[id] = std::move(screen);
    for (ScreenWatcher* watcher : screen_watchers_[id]) watcher->OnScreenChanged();
  }

  // What is typed into a session that shows what was drawn; nullopt: it is not to be told.
  void Type(const std::string& id, std::optional<absl::string_view> typed) {
    const std::optional<term::Screen>& shown = screens_[id];
    for (ScreenWatcher* watcher : screen_watchers_[id]) {
      if (watcher->WantsInput()) watcher->OnInput(typed, shown ? &*shown : nullptr);
    }
  }

  // What was asked, oldest first: "attach abcde view", "notify abcde hello".
  std::vector<std::string> asked;
  absl::Status answer;  // to everything that changes something
  control::Snapshot snapshot;
  mutable int describes = 0;
  mutable int looks = 0;
  size_t watchers() const { return watchers_.size(); }
  size_t screen_watchers() const {
    size_t count = 0;
    for (const auto& [id, watchers] : screen_watchers_) count += watchers.size();
    return count;
  }

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
  absl::Status Hold(const control::Hold& request) override {
    asked.push_back(absl::StrCat(request.held() ? "hold " : "release ", request.session_id(),
                                 request.text().empty() ? "" : " ", request.text()));
    return answer;
  }
  absl::Status SetWatched(const control::SetWatched& request, const void*) override {
    asked.push_back(absl::StrCat("watched ", request.session_id()));
    for (const std::string& name : request.watcher()) absl::StrAppend(&asked.back(), " ", name);
    return answer;
  }
  void EndWatched(const void*) override { asked.push_back("unwatched"); }
  void SetLimits(const control::SetLimits& request, Teller teller) override {
    asked.push_back(absl::StrCat("limits by ", teller == Teller::kRoot ? "root" : "owner", " idle ",
                                 request.limits().idle_seconds()));
  }
  control::Host DescribeHost() const override {
    control::Host host;
    host.set_pid(123);
    host.set_sessions(static_cast<uint32_t>(sessions_.size()));
    return host;
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
  absl::Status AddScreenWatcher(absl::string_view session_id, ScreenWatcher* watcher) override {
    const std::string id(session_id);
    if (sessions_.count(id) == 0) return absl::NotFoundError("no such session");
    screen_watchers_[id].push_back(watcher);
    return absl::OkStatus();
  }
  void RemoveScreenWatcher(absl::string_view session_id, ScreenWatcher* watcher) override {
    std::erase(screen_watchers_[std::string(session_id)], watcher);
  }
  std::optional<ScreenNow> LookAt(absl::string_view session_id) const override {
    ++looks;
    const auto found = screens_.find(std::string(session_id));
    if (found == screens_.end() || !found->second) return std::nullopt;
    return ScreenNow{&*found->second, 1'000'000 + looks};
  }

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
  std::map<std::string, std::vector<ScreenWatcher*>> screen_watchers_;
  std::map<std::string, std::optional<term::Screen>> screens_;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_TESTING_FAKE_HOST_CONTROL_H_

// One session of a Host with everything that belongs to it: the program and its screen, its
// clients, their rights and views, its notices, limits and record, its beginning and its end.
//
// Waits for nothing. The Host hands it datagrams and gives it a turn whenever it has asked for one
// (SessionServices::want_turn): by itself it asks at its deadline and when its program did
// something. Of a session that nobody uses nothing runs but the heartbeat.
#ifndef SERVER_HOSTED_SESSION_H_
#define SERVER_HOSTED_SESSION_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "crypto/random.h"
#include "crypto/session_key.h"
#include "io/child.h"
#include "io/event.h"
#include "io/intrusive_list.h"
#include "io/reactor.h"
#include "io/task.h"
#include "io/timer_queue.h"
#include "server/attachment_record.h"
#include "server/control/control.pb.h"
#include "server/host_control.h"
#include "server/host_options.h"
#include "server/lifetime.h"
#include "server/limits.h"
#include "server/outbox.h"
#include "server/program.h"
#include "server/router.h"
#include "server/session.h"
#include "server/session_client.h"
#include "server/session_limits.h"
#include "server/top_row.h"
#include "server/watched.h"
#include "ssp/compression.h"
#include "term/screen.h"
#include "term/size.h"

namespace mosh::server {

// What a session starts with.
struct SessionParts {
  term::Size size;                   // until the first client has said its own
  std::vector<std::string> command;  // for Describe; empty: the login shell
  ProgramStarter start;
};

// What the sessions of a Host share. All of it outlives them.
struct SessionServices {
  io::Reactor* reactor;
  const HostOptions* options;
  crypto::RandomSource* random;
  Router* router;
  Outbox* outbox;
  std::shared_ptr<ssp::Codec> codec;
  std::span<uint8_t> read_buffer;
  std::function<void(HostedSession*)> want_turn;
  // The same where nobody waits for what the turn does.
  std::function<void(HostedSession*)> want_turn_later;
};

class HostedSession final : public io::ListNode, private io::TimerNode, private Session::Listener {
 public:
  // More clients of one session are refused.
  static constexpr size_t kMostClients = 64;

  HostedSession(const SessionServices* services, std::string id, SessionParts parts);
  // Close() must have been awaited.
  ~HostedSession();

  const std::string& id() const { return id_; }
  const Session& session() const { return session_; }
  const std::vector<std::unique_ptr<SessionClient>>& clients() const { return clients_; }

  // A client may come with this key. kResourceExhausted; kFailedPrecondition: the session is
  // ending.
  absl::Status AddClient(const crypto::SessionKey& key, bool view_only, bool steals);

  // A datagram that the router takes for that client's. True: it was authentic.
  bool OnDatagram(SessionClient* client, const ReceivedDatagram& datagram);
  // Everything that is due; what is sent goes to the outbox.
  void Turn(Instant now);
  // After each turn, when the outbox has been flushed.
  void AfterTurn(Instant now);

  // SIGTERM, SIGINT or SIGUSR1 to the Host.
  void OnSignal(int signal);
  // Says goodbye to its clients, and is over when they have answered or had their time. At once
  // over if nobody is there.
  void ShutDown();
  void EndAtOnce();
  // Empty: all clients. False: there is no such client.
  bool Detach(absl::string_view client_id);
  void Notify(absl::string_view text, std::chrono::nanoseconds time);
  // From now on nothing that clients type reaches the program, and they are told so, with the
  // reason if there is one. What they type is lost; their windows count as ever.
  void Hold(absl::string_view reason);
  void Release();
  // Hold beside those of the configuration, from now on.
  void SetToldLimits(const Limits& told);
  // Replaces what `by` said before about who watches (Watched).
  void SetWatched(const void* by, std::vector<std::string> names);

  // Told of each change of the screen. One that is still there at the end is told by EndWatch().
  void AddScreenWatcher(ScreenWatcher* watcher) { screen_watchers_.push_back(watcher); }
  void RemoveScreenWatcher(ScreenWatcher* watcher) { std::erase(screen_watchers_, watcher); }
  void EndWatch();

  // Nothing more will come of it.
  bool over() const { return over_; }
  // True once: its program is to be hung up already, while its clients are still being told.
  bool TakeProgramToClose() { return std::exchange(close_program_, false); }
  // Hangs up the program; then the record goes. Idempotent.
  io::Task<void> Close();
  // After Close(): to be reaped; may be null.
  std::unique_ptr<io::Child> TakeChild() { return std::move(child_); }

  // Its program was let go.
  bool started() const { return start_ == nullptr; }
  // Since when no client has been here; nullopt while one is.
  std::optional<Instant> detached_since() const { return detached_since_; }
  // Something about it changed that Describe tells, and nobody was told yet. Resets.
  bool TakeChanged();

  void Describe(control::Session* facts) const;
  control::Snapshot TakeSnapshot(const control::TakeSnapshot& request) const;

 private:
  // io::TimerNode.
  void OnTimer() override { WantTurn(); }
  // Session::Listener.
  void OnScreenChange(ssp::ChangeHint hint) override;
  void OnInputRoom() override { WantTurn(); }
  void OnProgramEnd() override;

  Instant Now() const { return services_->reactor->Now(); }
  void WantTurn() { services_->want_turn(this); }
  void Log(absl::string_view line) const { services_->options->log(line); }
  int64_t WallMicros(Instant when) const;

  void OnClientState(SessionClient* client, Instant now);
  void Welcome(SessionClient* client, Instant now);
  void StartProgram();
  void PumpInput(SessionClient* client, Instant now);
  void ApplyInput(SessionClient* client, std::span<const sync::UserEvent> events, Instant now);
  // The size that a window of `client` gives the session, by the size rule.
  term::Size SizeFor(const SessionClient& client) const;
  void RefitToClients();

  void SendTo(SessionClient* client, Instant now);
  term::Screen PictureFor(SessionClient* client) const;
  void SendPictures(ssp::ChangeHint hint);
  void PicturesChanged();
  void ShowWatched();
  // To those screen watchers that want to know; before the program has it.
  void TellInput(absl::string_view typed);
  void WithdrawNotice() {
    top_row_.notice.Clear();
    PicturesChanged();
  }
  // Another number if clients may have to see something else.
  uint64_t picture_version() const {
    return session_.terminal().change_count() + other_picture_changes_;
  }

  void Obey(const Lifetime::Decision& decision);
  void ApplyLimits(Instant now);
  void RecordPresence(const SessionClient& client, Instant now);
  void MarkDetached(Instant since);
  void Dismiss(SessionClient* client);
  void DismissAll();
  void CheckClients(Instant now);
  bool IsDone(const SessionClient& client, Instant now) const;
  void OnGoodbye(SessionClient* client);
  void RemoveDone(Instant now);
  bool AnybodyHere() const;
  Instant NextDeadline() const;
  Instant DeadlineOf(const SessionClient& client) const;

  const SessionServices* services_;
  const std::string id_;
  const Instant created_at_;
  const std::vector<std::string> command_;
  ProgramStarter start_;  // null once called
  Lifetime lifetime_;
  SessionLimits limits_;
  TopRow top_row_;
  Watched watched_;
  std::vector<ScreenWatcher*> screen_watchers_;
  uint64_t other_picture_changes_ = 0;  // but those of the screen
  Session session_;
  std::vector<std::unique_ptr<SessionClient>> clients_;
  std::vector<std::unique_ptr<SessionClient>> gone_;  // until the outbox has been flushed
  int clients_ever_ = 0;

  pid_t pid_ = 0;
  std::unique_ptr<io::Child> child_;
  std::unique_ptr<AttachmentRecord> record_;
  const SessionClient* recorded_client_ = nullptr;  // null: recorded as detached
  std::string recorded_address_;
  Instant recorded_heard_at_;

  std::optional<Instant> detached_since_;
  Instant counts_as_detached_at_ = Instant::Max();
  std::optional<Instant> last_input_at_;
  std::optional<Instant> told_input_at_;
  std::string told_title_;
  uint64_t version_ = 1;
  bool changed_ = true;

  bool ending_ = false;         // all clients are on their way out
  bool close_program_ = false;  // a client has ended the session
  bool over_ = false;
  bool closing_ = false;
  io::Event closed_;
};

}  // namespace mosh::server

#endif  // SERVER_HOSTED_SESSION_H_

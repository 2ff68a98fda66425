#include "mgmt/link/host_link.h"

#include <string.h>

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "io/timer.h"
#include "server/control/reply_status.h"

namespace mosh::mgmt {
namespace {

using namespace std::chrono_literals;

constexpr HostLink::Nanos kFirstPause = 100ms, kLongestPause = 30s;
// A connection that held so long was a good one.
constexpr HostLink::Nanos kGoodConnection = 10s;
constexpr HostLink::Nanos kIntroduction = 10s;
// Questions under way, and bytes of one's answer.
constexpr size_t kMaxQuestions = 256;
constexpr size_t kManyQuestions = 32;
constexpr size_t kMaxAnswer = 32 * 1024 * 1024;
// Listening pauses so that no Host, whatever it tells, has more than a part of the loop's time.
constexpr size_t kSessionsAtOnce = 250;
constexpr HostLink::Nanos kBreath = 8ms;

// A file that a killed Host left, or one that it removed just now: no problem.
bool NobodyThere(const absl::Status& status) {
  return status.code() == absl::StatusCode::kNotFound ||
         status.code() == absl::StatusCode::kUnavailable;
}

bool Unknown(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnimplemented;
}

bool Same(const control::Limits& a, const control::Limits& b) {
  return a.idle_seconds() == b.idle_seconds() && a.lifetime_seconds() == b.lifetime_seconds() &&
         a.detached_seconds() == b.detached_seconds();
}

}  // namespace

struct HostLink::Question {
  // Of an answer that need not be kept; else it is collected.
  std::function<void(const control::Reply&)> on_reply;
  std::vector<control::Reply> replies;
  size_t size = 0;
  absl::Status status;
  io::Event done;

  void Finish(absl::Status with) {
    status = std::move(with);
    done.Set();
  }
};

HostLink::HostLink(const Context* context, HostSocket socket) : context_(context) {
  state_.owner = {.uid = socket.owner, .user = context->user_name(socket.owner)};
  state_.socket = std::move(socket);
}

void HostLink::SetLimits(const control::Limits& limits) {
  limits_ = limits;
  limits_changed_.Set();
}

void HostLink::SetExists(bool exists) {
  exists_ = exists;
  if (exists) {
    gone_.Reset();
  } else {
    gone_.Set();
  }
}

io::Task<void> HostLink::Run(io::StopToken stop) {
  Nanos pause = kFirstPause;
  while (!stop.stop_requested()) {
    const Instant began = context_->reactor->Now();
    const absl::Status ended = co_await Talk(stop);
    state_.connected = false;
    state_.problem = NobodyThere(ended) || stop.stop_requested() ? "" : ended.ToString();
    context_->directory->RemoveHost(state_.socket.path);
    settled_.Set();
    const Instant now = context_->reactor->Now();
    if (now - began >= kGoodConnection) pause = kFirstPause;
    io::Deadline limit(context_->reactor, now + pause, stop);
    const absl::Status gone = co_await gone_.Wait(limit.token());
    if (gone.ok() && !exists_) co_return;
    pause = std::min(pause * 2, kLongestPause);
  }
}

io::Task<absl::Status> HostLink::Talk(io::StopToken stop) {
  const auto connected = io::UnixConnection::Connect(context_->reactor, state_.socket.path);
  if (!connected.ok()) co_return connected.status();
  io::UnixConnection* const connection = connected->get();
  if (connection->peer().uid != state_.owner.uid) {
    co_return absl::PermissionDeniedError("another user listens there");
  }
  state_.facts.Clear();
  state_.limits_problem.clear();
  broken_ = absl::OkStatus();
  subscription_id_ = 0;
  synced_.Reset();
  open_ = true;
  io::Scope scope(stop);
  scope.Spawn(Listen(connection, &scope));
  scope.Spawn(Speak(connection, &scope));
  scope.Spawn(Introduce(connection, &scope));
  co_await scope.Join();
  open_ = false;
  outbox_.clear();
  for (const auto& [id, question] : std::exchange(questions_, {})) {
    question->Finish(absl::UnavailableError("the Host has closed the connection"));
  }
  co_return broken_;
}

void HostLink::BreakOff(absl::Status why, io::Scope* scope) {
  if (scope->token().stop_requested()) return;
  broken_ = std::move(why);
  scope->Cancel();
}

io::Task<void> HostLink::Listen(io::UnixConnection* connection, io::Scope* scope) {
  const io::StopToken stop = scope->token();
  Instant breath = context_->reactor->Now();
  while (!stop.stop_requested()) {
    absl::StatusOr<io::UnixMessage> message = co_await connection->Receive(stop);
    if (!message.ok()) {
      BreakOff(message.status(), scope);
    } else if (message->end) {
      BreakOff(absl::UnavailableError("the Host has closed the connection"), scope);
    } else {
      OnPacket(&message->bytes, scope);
    }
    if (listened_ < kSessionsAtOnce) continue;
    listened_ = 0;
    [[maybe_unused]] const absl::Status rested =
        co_await context_->reactor->Sleep(breath + kBreath, stop);
    breath = context_->reactor->Now();
  }
}

io::Task<void> HostLink::Speak(io::UnixConnection* connection, io::Scope* scope) {
  const io::StopToken stop = scope->token();
  while (!stop.stop_requested()) {
    if (outbox_.empty()) {
      output_.Reset();
      [[maybe_unused]] const absl::Status waited = co_await output_.Wait(stop);
      continue;
    }
    const std::string packet = std::move(outbox_.front());
    outbox_.pop_front();
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(packet.data()),
                                         packet.size());
    const absl::Status sent = co_await connection->Send(bytes, {}, stop);
    if (!sent.ok()) BreakOff(sent, scope);
  }
}

// Who is it, and what does it have? Ends with the question that has no end.
io::Task<void> HostLink::Introduce(io::UnixConnection* connection, io::Scope* scope) {
  control::Request who;
  who.mutable_get_host();
  Question question;
  const absl::Status answered =
      co_await AskFor(&question, std::move(who), kIntroduction, scope->token());
  if (!answered.ok() && !Unknown(answered)) {
    BreakOff(answered, scope);
    co_return;
  }
  state_.problem.clear();
  if (!question.replies.empty()) state_.facts = question.replies.front().host();
  state_.facts.set_pid(connection->peer().pid);
  state_.facts.set_uid(state_.owner.uid);
  state_.facts.set_user(state_.owner.user);
  scope->Spawn(TellLimits(scope));

  control::Request all;
  all.mutable_subscribe();
  Send(&all);
  subscription_id_ = all.id();
  io::Deadline limit(context_->reactor, context_->reactor->Now() + kIntroduction, scope->token());
  const absl::Status synced = co_await synced_.Wait(limit.token());
  if (!synced.ok()) BreakOff(absl::DeadlineExceededError("does not tell its sessions"), scope);
}

io::Task<void> HostLink::TellLimits(io::Scope* scope) {
  const io::StopToken stop = scope->token();
  // What an agent before this one has told stays with the Host.
  control::Limits known =
      context_->is_root ? state_.facts.limits_by_root() : state_.facts.limits_by_owner();
  Nanos pause = kFirstPause;
  while (!stop.stop_requested()) {
    limits_changed_.Reset();
    if (!limits_ || Same(*limits_, known)) {
      state_.limits_problem.clear();
      const absl::Status waited = co_await limits_changed_.Wait(stop);
      if (!waited.ok()) co_return;
      continue;
    }
    const control::Limits wanted = *limits_;
    control::Request request;
    *request.mutable_set_limits()->mutable_limits() = wanted;
    Question question;
    const absl::Status told = co_await AskFor(&question, std::move(request), kIntroduction, stop);
    if (told.ok()) {
      known = wanted;
      pause = kFirstPause;
      continue;
    }
    if (stop.stop_requested()) co_return;
    state_.limits_problem = Unknown(told) ? "is too old for limits by policy"
                                          : absl::StrCat("has not taken the limits by policy: ",
                                                         absl::string_view(told.message()));
    // One that is too old stays so; other limits may be none.
    io::Deadline limit(context_->reactor,
                       Unknown(told) ? Instant::Max() : context_->reactor->Now() + pause, stop);
    pause = std::min(pause * 2, kLongestPause);
    (void)co_await limits_changed_.Wait(limit.token());
  }
}

void HostLink::Send(control::Request* request) {
  request->set_id(++last_id_);
  outbox_.push_back(request->SerializeAsString());
  output_.Set();
}

void HostLink::OnPacket(std::vector<uint8_t>* packet, io::Scope* scope) {
  control::Reply reply;
  const bool parsed = reply.ParseFromArray(packet->data(), static_cast<int>(packet->size()));
  const size_t size = packet->size();
  // There may be a key in it.
  explicit_bzero(packet->data(), packet->size());
  ++listened_;
  if (!parsed) return BreakOff(absl::DataLossError("a reply could not be understood"), scope);
  if (subscription_id_ != 0 && reply.id() == subscription_id_) return OnSubscription(reply, scope);
  const auto found = questions_.find(reply.id());
  if (found == questions_.end()) {
    // Without an id it is about the connection as a whole.
    const absl::Status status = server::StatusOf(reply);
    if (!reply.has_id() && !status.ok()) BreakOff(status, scope);
    return;  // else nobody waits for it any more
  }
  Question* const question = found->second;
  const bool last = !reply.more();
  absl::Status status = server::StatusOf(reply);
  if (status.ok()) {
    if (question->on_reply != nullptr) {
      question->on_reply(reply);
    } else {
      question->size += size;
      question->replies.push_back(std::move(reply));
    }
    if (question->size > kMaxAnswer) {
      status = absl::ResourceExhaustedError("the Host's answer has no end");
    }
  }
  if (status.ok() && !last) return;
  questions_.erase(found);
  question->Finish(std::move(status));
}

void HostLink::OnSubscription(const control::Reply& reply, io::Scope* scope) {
  const absl::Status status = server::StatusOf(reply);
  if (!status.ok()) return BreakOff(status, scope);
  PutAll(reply);
  for (const std::string& id : reply.gone()) {
    context_->directory->Remove(state_.socket.path, id);
  }
  if (!reply.synced()) return;
  refreshed_at_ = context_->reactor->Now();
  state_.connected = true;
  synced_.Set();
  settled_.Set();
}

void HostLink::PutAll(const control::Reply& reply) {
  const absl::Time now = context_->wall_clock();
  for (const control::Session& session : reply.session()) {
    const absl::Status put =
        context_->directory->Put(state_.socket.path, state_.owner, session, now);
    if (!put.ok()) state_.problem = std::string(put.message());
  }
  listened_ += static_cast<size_t>(reply.session_size());
}

io::Task<absl::Status> HostLink::AskFor(Question* question, control::Request request,
                                        Nanos patience, io::StopToken stop) {
  if (!open_) co_return absl::UnavailableError("there is no connection to the Host");
  if (questions_.size() >= kMaxQuestions || outbox_.size() >= kMaxQuestions) {
    co_return absl::ResourceExhaustedError("too much is being asked of the Host");
  }
  Send(&request);
  questions_.emplace(request.id(), question);
  io::Deadline limit(context_->reactor, context_->reactor->Now() + patience, stop);
  const absl::Status waited = co_await question->done.Wait(limit.token());
  if (waited.ok()) co_return question->status;
  questions_.erase(request.id());
  if (limit.expired()) co_return absl::DeadlineExceededError("the Host does not answer");
  co_return waited;
}

bool HostLink::TakesQuestions() const {
  return state_.connected && questions_.size() < kManyQuestions;
}

io::Task<absl::StatusOr<std::vector<control::Reply>>> HostLink::Ask(control::Request request,
                                                                    Nanos patience,
                                                                    io::StopToken stop) {
  Question question;
  const absl::Status status = co_await AskFor(&question, std::move(request), patience, stop);
  if (!status.ok()) co_return status;
  co_return std::move(question.replies);
}

io::Task<absl::Status> HostLink::Refresh(Nanos patience, io::StopToken stop) {
  control::Request request;
  request.mutable_list_sessions();
  Question question;
  question.on_reply = [this](const control::Reply& reply) { PutAll(reply); };
  const absl::Status status = co_await AskFor(&question, std::move(request), patience, stop);
  if (status.ok()) refreshed_at_ = context_->reactor->Now();
  co_return status;
}

io::Task<absl::Status> HostLink::RefreshSession(std::string session_id, Nanos patience,
                                                io::StopToken stop) {
  control::Request request;
  request.mutable_get_session()->set_session_id(session_id);
  Question question;
  question.on_reply = [this](const control::Reply& reply) { PutAll(reply); };
  const Instant deadline = context_->reactor->Now() + patience;
  absl::Status status = co_await AskFor(&question, std::move(request), patience, stop);
  // An older Host.
  if (Unknown(status)) {
    status = co_await Refresh(deadline - context_->reactor->Now(), stop);
  }
  if (absl::IsNotFound(status)) context_->directory->Remove(state_.socket.path, session_id);
  co_return status;
}

}  // namespace mosh::mgmt

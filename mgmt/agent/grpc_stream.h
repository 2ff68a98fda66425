// GrpcStream: a streaming response, seen from the loop. One write is under way at most; whoever
// doesn't take it for minutes is cut off.
#ifndef MGMT_AGENT_GRPC_STREAM_H_
#define MGMT_AGENT_GRPC_STREAM_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/slice.h"
#include "io/event.h"
#include "io/reactor.h"
#include "io/stop.h"
#include "io/task.h"
#include "io/timer.h"
#include "mgmt/agent/limits.h"
#include "mgmt/agent/mailbox.h"
#include "mgmt/agent/streams.h"

namespace mosh::mgmt {

inline grpc::ByteBuffer ToWire(std::string serialized, grpc::ByteBuffer*) {
  const grpc::Slice slice(serialized);
  return grpc::ByteBuffer(&slice, 1);
}
template <class Message>
Message ToWire(Message message, Message*) {
  return message;
}

// Deletes itself when gRPC is done with it, which is after Finish.
template <class Message, class Wire>
class GrpcStream final : public grpc::ServerWriteReactor<Wire>, public Sink<Message> {
 public:
  GrpcStream(io::Reactor* reactor, Mailbox* mailbox, grpc::CallbackServerContext* context)
      : reactor_(reactor), mailbox_(mailbox), context_(context) {}

  // ---- Loop. Nothing may follow Finish.

  io::Task<bool> Write(Message message) override {
    if (*state_->gone) co_return false;
    wire_ = ToWire(std::move(message), static_cast<Wire*>(nullptr));
    state_->written.Reset();
    this->StartWrite(&wire_);
    {
      io::Deadline limit(reactor_, reactor_->Now() + kWriteTimeout, io::StopToken());
      const absl::Status taken = co_await state_->written.Wait(limit.token());
      if (!taken.ok()) context_->TryCancel();
    }
    (void)co_await state_->written.Wait();
    co_return state_->ok;
  }
  // `source` is stopped when the caller is gone; null: not any more.
  void StopWhenGone(io::StopSource* source) {
    state_->source = source;
    if (source != nullptr && *state_->gone) source->RequestStop();
  }
  std::shared_ptr<bool> gone() const { return state_->gone; }

  // ---- gRPC's threads.

  void OnWriteDone(bool ok) override {
    mailbox_->Post([state = state_, ok] {
      state->ok = ok;
      state->written.Set();
    });
  }
  void OnCancel() override {
    mailbox_->Post([state = state_] {
      *state->gone = true;
      if (state->source != nullptr) state->source->RequestStop();
    });
  }
  void OnDone() override { delete this; }

 private:
  // Of the loop. Outlives the stream while letters are under way.
  struct State {
    io::Event written;
    bool ok = false;
    io::StopSource* source = nullptr;
    std::shared_ptr<bool> gone = std::make_shared<bool>(false);
  };

  io::Reactor* const reactor_;
  Mailbox* const mailbox_;
  grpc::CallbackServerContext* const context_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  Wire wire_;
};

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_GRPC_STREAM_H_

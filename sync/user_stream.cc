#include "sync/user_stream.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "sync/limits.h"
#include "sync/user_message.pb.h"

namespace mosh::sync {
namespace {

// Typing is a few bytes at a time, pasting megabytes: chunks hold many events, and give their
// memory back soon after they are acknowledged.
constexpr size_t kChunkBytes = 4096;

}  // namespace

// Part of the chain: some bytes, or one resize. Chunks are shared. A chunk at the end of the chain
// may grow; streams that share it do not notice, as they know where they end.
struct UserStream::Chunk {
  explicit Chunk(uint64_t at) : start(at) {}
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;
  // Not recursive: the chain may be long.
  ~Chunk() {
    std::shared_ptr<Chunk> rest = std::move(next);
    while (rest != nullptr && rest.use_count() == 1) {
      std::shared_ptr<Chunk> after = std::move(rest->next);
      rest = std::move(after);
    }
  }

  uint64_t size() const { return is_resize ? 1 : bytes.size(); }
  uint64_t end() const { return start + size(); }

  const uint64_t start;  // Position of the first event.
  std::string bytes;
  bool is_resize = false;
  term::Size resize;
  std::shared_ptr<Chunk> next;
};

bool UserStream::AtTail() const {
  return last_ == nullptr || (last_->next == nullptr && last_->end() == end_);
}

void UserStream::AppendChunk(std::shared_ptr<Chunk> chunk) {
  end_ = chunk->end();
  if (last_ == nullptr) {
    first_ = chunk;
  } else {
    last_->next = chunk;
  }
  last_ = std::move(chunk);
}

void UserStream::Fork() {
  std::vector<UserEvent> events;
  Collect(begin_, &events);
  first_ = last_ = nullptr;
  end_ = begin_;
  for (const UserEvent& event : events) {
    if (const auto* bytes = std::get_if<std::string>(&event)) {
      PushBytes(*bytes);
    } else {
      PushResize(std::get<term::Size>(event));
    }
  }
}

void UserStream::PushBytes(absl::string_view bytes) {
  if (bytes.empty()) return;
  if (!AtTail()) Fork();
  while (!bytes.empty()) {
    if (last_ == nullptr || last_->is_resize || last_->bytes.size() >= kChunkBytes) {
      AppendChunk(std::make_shared<Chunk>(end_));
    }
    const size_t part = std::min(bytes.size(), kChunkBytes - last_->bytes.size());
    last_->bytes.append(bytes.data(), part);
    bytes.remove_prefix(part);
    end_ += part;
  }
}

void UserStream::PushResize(term::Size size) {
  if (!AtTail()) Fork();
  auto chunk = std::make_shared<Chunk>(end_);
  chunk->is_resize = true;
  chunk->resize = term::ClampSize(size);
  AppendChunk(std::move(chunk));
}

void UserStream::Collect(uint64_t position, std::vector<UserEvent>* events) const {
  position = std::max(position, begin_);
  for (const Chunk* chunk = first_.get(); position < end_; chunk = chunk->next.get()) {
    if (chunk->end() <= position) continue;
    if (chunk->is_resize) {
      events->push_back(chunk->resize);
      ++position;
      continue;
    }
    const uint64_t stop = std::min(chunk->end(), end_);
    const absl::string_view run =
        absl::string_view(chunk->bytes).substr(position - chunk->start, stop - position);
    std::string* const previous =
        events->empty() ? nullptr : std::get_if<std::string>(&events->back());
    if (previous != nullptr) {
      previous->append(run.data(), run.size());
    } else {
      events->push_back(std::string(run));
    }
    position = stop;
  }
}

std::vector<UserEvent> UserStream::EventsSince(const UserStream& base) const {
  CHECK(base.end_ >= begin_);
  CHECK(base.end_ <= end_);
  std::vector<UserEvent> events;
  Collect(base.end_, &events);
  return events;
}

std::string UserStream::DiffFrom(const UserStream& base) const {
  user::Message message;
  for (UserEvent& event : EventsSince(base)) {
    user::Instruction* const instruction = message.add_instruction();
    if (auto* bytes = std::get_if<std::string>(&event)) {
      instruction->mutable_keystroke()->set_keys(std::move(*bytes));
    } else {
      const term::Size size = std::get<term::Size>(event);
      instruction->mutable_resize()->set_width(size.columns);
      instruction->mutable_resize()->set_height(size.rows);
    }
  }
  return message.SerializeAsString();
}

absl::Status UserStream::Apply(absl::string_view diff) {
  user::Message message;
  if (!message.ParseFromArray(diff.data(), static_cast<int>(diff.size()))) {
    return absl::InvalidArgumentError("user input is not a UserMessage");
  }
  for (const user::Instruction& instruction : message.instruction()) {
    if (instruction.has_keystroke() || !instruction.has_resize()) continue;
    const user::Resize& resize = instruction.resize();
    absl::Status status = CheckSize(resize.width(), resize.height());
    if (!status.ok()) return status;
  }
  for (const user::Instruction& instruction : message.instruction()) {
    if (instruction.has_keystroke()) {
      PushBytes(instruction.keystroke().keys());
    } else if (instruction.has_resize()) {
      PushResize({instruction.resize().width(), instruction.resize().height()});
    }
  }
  return absl::OkStatus();
}

void UserStream::Subtract(const UserStream& prefix) {
  begin_ = std::clamp(prefix.end_, begin_, end_);
  while (first_ != last_ && first_->end() <= begin_) first_ = first_->next;
}

bool operator==(const UserStream& a, const UserStream& b) {
  if (a.end_ != b.end_) return false;
  // Streams that share the chunk in which they end have grown from the same events.
  if (a.last_ == b.last_) return true;
  std::vector<UserEvent> events_a;
  std::vector<UserEvent> events_b;
  const uint64_t begin = std::max(a.begin_, b.begin_);
  a.Collect(begin, &events_a);
  b.Collect(begin, &events_b);
  return events_a == events_b;
}

}  // namespace mosh::sync

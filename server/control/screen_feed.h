// One subscription to a session's screen: the steps from the picture that its reader has to the
// newest one; and, if that is wanted, what is typed.
//
// However fast the screen changes and however slowly it is read, what is kept is the picture sent
// last and at most one step, which is made only when there is room for it. What is typed comes
// before every step that could show what became of it.
//
// Pure: the Host's calls and the time in, frames out.
#ifndef SERVER_CONTROL_SCREEN_FEED_H_
#define SERVER_CONTROL_SCREEN_FEED_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/instant.h"
#include "server/control/control.pb.h"
#include "server/control/input_queue.h"
#include "server/host_control.h"
#include "term/screen.h"

namespace mosh::server {

class ScreenFeed final : public ScreenWatcher {
 public:
  enum class Wants : uint8_t { kScreen, kScreenAndInput };
  // No sooner than `interval` after a frame comes the next, but for what is typed. `on_news` is
  // called, inside the Host's calls, when there is something to be told, or will be at
  // NextDeadline().
  ScreenFeed(std::string session_id, std::chrono::nanoseconds interval, Wants wants,
             std::function<void()> on_news);

  void OnScreenChanged() override;
  void OnScreenGone() override;
  void OnInput(std::optional<absl::string_view> typed, const term::Screen* before) override;
  bool WantsInput() const override { return wants_ == Wants::kScreenAndInput && end_.ok(); }
  // What the last reply says; not OK. Only the first call counts.
  void End(absl::Status why);

  // When Fill() will have something, if not at once.
  Instant NextDeadline() const { return changed_ ? next_at_ : Instant::Max(); }
  // Puts what is next into the reply: a frame, or a part of one of about `max_size` bytes, or the
  // end. False: there is nothing now.
  bool Fill(const HostControl& host, size_t max_size, Instant now, control::Reply* reply);
  // The end has been told.
  bool over() const { return over_; }

  const std::string& session_id() const { return session_id_; }

 private:
  bool MakeNewestFrame(const HostControl& host, Instant now, control::Frame* frame);
  // A step to this picture; false: it shows nothing new.
  bool MakeFrame(term::Screen picture, Instant now, control::Frame* frame);
  void TakePart(size_t max_size, control::Frame* frame);

  const std::string session_id_;
  const std::chrono::nanoseconds interval_;
  const Wants wants_;
  std::function<void()> on_news_;
  std::optional<term::Screen> sent_;
  InputQueue input_;
  // What was shown when the oldest of `input_` was typed, if that has not been told.
  std::optional<term::Screen> before_input_;
  bool changed_ = true;
  Instant next_at_;
  std::string ansi_;  // of the frame being sent
  size_t at_ = 0;     // so much of it has been
  absl::Status end_;
  bool over_ = false;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_SCREEN_FEED_H_

// One subscription to a session's screen: the steps from the picture that its reader has to the
// newest one.
//
// However fast the screen changes and however slowly it is read, what is kept is the picture sent
// last and at most one step, which is made only when there is room for it.
//
// Pure: the Host's calls and the time in, frames out.
#ifndef SERVER_CONTROL_SCREEN_FEED_H_
#define SERVER_CONTROL_SCREEN_FEED_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/instant.h"
#include "server/control/control.pb.h"
#include "server/host_control.h"
#include "term/screen.h"

namespace mosh::server {

class ScreenFeed final : public ScreenWatcher {
 public:
  // No sooner than `interval` after a frame comes the next. `on_news` is called, inside the Host's
  // calls, when there is something to be told, or will be at NextDeadline().
  ScreenFeed(std::string session_id, std::chrono::nanoseconds interval,
             std::function<void()> on_news);

  void OnScreenChanged() override;
  void OnScreenGone() override;
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
  bool MakeFrame(const HostControl& host, Instant now, control::Frame* frame);
  void TakePart(size_t max_size, control::Frame* frame);

  const std::string session_id_;
  const std::chrono::nanoseconds interval_;
  std::function<void()> on_news_;
  std::optional<term::Screen> sent_;
  bool changed_ = true;
  Instant next_at_;
  std::string ansi_;  // of the frame being sent
  size_t at_ = 0;     // so much of it has been
  absl::Status end_;
  bool over_ = false;
};

}  // namespace mosh::server

#endif  // SERVER_CONTROL_SCREEN_FEED_H_

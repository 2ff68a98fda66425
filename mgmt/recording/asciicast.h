// Asciicast, version 2: recordings of terminals as asciinema writes and plays them
// (docs.asciinema.org/manual/asciicast/v2): a line of JSON about the whole, then a line for each
// event, [seconds since the start, "o", what the terminal was sent]. "i" is what was typed, "r" a
// new size, "m" a mark.
// A file that was cut off plays up to its last whole line. Pure.
#ifndef MGMT_RECORDING_ASCIICAST_H_
#define MGMT_RECORDING_ASCIICAST_H_

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/control/control.pb.h"

namespace mosh::mgmt {

struct CastHeader {
  int columns = 80;
  int rows = 24;
  absl::Time start = absl::UnixEpoch();  // whole seconds are kept
  std::string title;

  friend bool operator==(const CastHeader&, const CastHeader&) = default;
};

struct CastEvent {
  std::chrono::microseconds at{0};  // since the start
  char code = 'o';
  std::string data;

  friend bool operator==(const CastEvent&, const CastEvent&) = default;
};

// Lines, each with its newline. Bytes that are no UTF-8 become U+FFFD.
std::string FormatCastHeader(const CastHeader& header);
std::string FormatCastEvent(const CastEvent& event);

// Without the newline. kInvalidArgument: it is none; the message says what is wrong.
absl::StatusOr<CastHeader> ParseCastHeader(absl::string_view line);
absl::StatusOr<CastEvent> ParseCastEvent(absl::string_view line);

// Steps of a session's screen, and what was typed (control.proto's Frame), as the lines of a file.
class CastWriter {
 public:
  // `first` is the frame that will be added first: the file begins with its size.
  CastWriter(CastHeader header, const server::control::Frame& first);

  const std::string& header() const { return header_; }
  // What was typed, then the step. Input that isn't told is a mark, which says so.
  // A frame that says so, and any after which the size is another, begins with the terminal's
  // reset. `at` is since the start; one that is earlier than the last counts as that. Empty: there
  // is nothing to write yet, but the beginning of a character.
  std::string Add(const server::control::Frame& frame, std::chrono::nanoseconds at);
  // The last lines.
  std::string End(absl::string_view why, std::chrono::nanoseconds at);

 private:
  std::chrono::microseconds Later(std::chrono::nanoseconds at);
  std::string AddInput(const server::control::Input& input, std::chrono::microseconds at);
  // What was typed of a character whose rest never came.
  std::string EndInput(std::chrono::microseconds at);
  std::string AddScreen(const server::control::Frame& frame, std::chrono::microseconds at);

  int columns_;
  int rows_;
  std::string header_;
  bool started_ = false;
  std::chrono::microseconds last_{0};
  std::string typed_;  // the beginning of a character
};

// "100x30", as "r" events say sizes; nullopt: it is none.
struct CastSize {
  int columns;
  int rows;
};
std::optional<CastSize> ParseCastSize(absl::string_view text);

}  // namespace mosh::mgmt

#endif  // MGMT_RECORDING_ASCIICAST_H_

#include "mgmt/recording/asciicast.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

namespace mosh::mgmt {
namespace {

using Json = nlohmann::json;

constexpr char kInputHidden[] = "input is hidden: the terminal does not echo";
constexpr char kInputLost[] = "input is missing: it was too much to be recorded";
constexpr char kReset[] = "\033c";
// Larger than any terminal that a session has.
constexpr int kMaxSize = 10'000;
// A hundred years: later ones are nonsense, and would overflow.
constexpr double kMaxSeconds = 3.2e9;

std::string Quoted(absl::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool IsSize(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() && found->get<int64_t>() >= 1 &&
         found->get<int64_t>() <= kMaxSize;
}

// How many bytes at the end are the beginning of a UTF-8 character: 0 to 3.
size_t UnfinishedCharacter(absl::string_view text) {
  for (size_t size = 1; size <= std::min<size_t>(text.size(), 3); ++size) {
    const auto byte = static_cast<uint8_t>(text[text.size() - size]);
    if ((byte & 0xc0) == 0x80) continue;
    const size_t whole = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return whole > size ? size : 0;
  }
  return 0;
}

Json Parsed(absl::string_view line) {
  return Json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
}

}  // namespace

std::string FormatCastHeader(const CastHeader& header) {
  std::string line =
      absl::StrCat("{\"version\": 2, \"width\": ", header.columns, ", \"height\": ", header.rows,
                   ", \"timestamp\": ", absl::ToUnixSeconds(header.start));
  if (!header.title.empty()) absl::StrAppend(&line, ", \"title\": ", Quoted(header.title));
  return absl::StrCat(line, ", \"env\": {\"TERM\": \"xterm-256color\"}}\n");
}

std::string FormatCastEvent(const CastEvent& event) {
  const int64_t at = event.at.count();
  return absl::StrFormat("[%d.%06d, \"%c\", %s]\n", at / 1'000'000, at % 1'000'000, event.code,
                         Quoted(event.data));
}

absl::StatusOr<CastHeader> ParseCastHeader(absl::string_view line) {
  const Json json = Parsed(line);
  if (!json.is_object() || !json.contains("version")) {
    return absl::InvalidArgumentError("this is no asciicast: its first line is no header");
  }
  if (json["version"] != 2) {
    return absl::InvalidArgumentError("this asciicast is of another version than 2");
  }
  if (!IsSize(json, "width") || !IsSize(json, "height")) {
    return absl::InvalidArgumentError("the header lacks the terminal's size");
  }
  CastHeader header{.columns = json["width"].get<int>(), .rows = json["height"].get<int>()};
  if (json.contains("timestamp") && json["timestamp"].is_number_integer()) {
    header.start = absl::FromUnixSeconds(json["timestamp"].get<int64_t>());
  }
  if (json.contains("title") && json["title"].is_string()) {
    header.title = json["title"].get<std::string>();
  }
  return header;
}

absl::StatusOr<CastEvent> ParseCastEvent(absl::string_view line) {
  const Json json = Parsed(line);
  if (!json.is_array() || json.size() != 3 || !json[0].is_number() || !json[1].is_string() ||
      json[1].get_ref<const std::string&>().size() != 1 ||
      !absl::ascii_isalpha(static_cast<unsigned char>(json[1].get_ref<const std::string&>()[0])) ||
      !json[2].is_string()) {
    return absl::InvalidArgumentError("this is no event");
  }
  const double seconds = json[0].get<double>();
  if (!(seconds >= 0 && seconds <= kMaxSeconds)) {
    return absl::InvalidArgumentError("the event is at no time");
  }
  return CastEvent{.at = std::chrono::microseconds(std::llround(seconds * 1e6)),
                   .code = json[1].get_ref<const std::string&>()[0],
                   .data = json[2].get<std::string>()};
}

std::optional<CastSize> ParseCastSize(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, 'x');
  CastSize size;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &size.columns) ||
      !absl::SimpleAtoi(parts[1], &size.rows) || size.columns < 1 || size.rows < 1 ||
      size.columns > kMaxSize || size.rows > kMaxSize) {
    return std::nullopt;
  }
  return size;
}

CastWriter::CastWriter(CastHeader header, const server::control::Frame& first) {
  // A Host that tells no size has drawn for the usual one.
  if (first.size().columns() > 0) header.columns = static_cast<int>(first.size().columns());
  if (first.size().rows() > 0) header.rows = static_cast<int>(first.size().rows());
  header.columns = std::clamp(header.columns, 1, kMaxSize);
  header.rows = std::clamp(header.rows, 1, kMaxSize);
  columns_ = header.columns;
  rows_ = header.rows;
  header_ = FormatCastHeader(header);
}

std::chrono::microseconds CastWriter::Later(std::chrono::nanoseconds at) {
  last_ = std::max(last_, std::chrono::duration_cast<std::chrono::microseconds>(at));
  return last_;
}

std::string CastWriter::Add(const server::control::Frame& frame, std::chrono::nanoseconds at) {
  const std::chrono::microseconds time = Later(at);
  std::string lines;
  for (const server::control::Input& input : frame.input()) lines += AddInput(input, time);
  if (frame.has_ansi()) lines += AddScreen(frame, time);
  return lines;
}

std::string CastWriter::AddInput(const server::control::Input& input,
                                 std::chrono::microseconds at) {
  if (!input.has_typed()) {
    const bool hidden = input.gap() == server::control::Input::HIDDEN;
    return EndInput(at) + FormatCastEvent({at, 'm', hidden ? kInputHidden : kInputLost});
  }
  typed_ += input.typed();
  const size_t whole = typed_.size() - UnfinishedCharacter(typed_);
  if (whole == 0) return "";
  const std::string line = FormatCastEvent({at, 'i', typed_.substr(0, whole)});
  typed_.erase(0, whole);
  return line;
}

std::string CastWriter::EndInput(std::chrono::microseconds at) {
  if (typed_.empty()) return "";
  return FormatCastEvent({at, 'i', std::exchange(typed_, "")});
}

std::string CastWriter::AddScreen(const server::control::Frame& frame,
                                  std::chrono::microseconds at) {
  const auto told = [](uint32_t size, int before) {
    return size == 0 ? before : static_cast<int>(std::min<uint32_t>(size, kMaxSize));
  };
  const int columns = told(frame.size().columns(), columns_);
  const int rows = told(frame.size().rows(), rows_);
  std::string lines;
  const bool resized = columns != columns_ || rows != rows_;
  if (resized) {
    columns_ = columns;
    rows_ = rows;
    lines = FormatCastEvent({at, 'r', absl::StrCat(columns, "x", rows)});
  }
  // The first is for a terminal that has just been made.
  const bool reset = (frame.restart() || resized) && started_;
  started_ = true;
  return absl::StrCat(lines,
                      FormatCastEvent({at, 'o', absl::StrCat(reset ? kReset : "", frame.ansi())}));
}

std::string CastWriter::End(absl::string_view why, std::chrono::nanoseconds at) {
  const std::chrono::microseconds time = Later(at);
  return EndInput(time) + FormatCastEvent({time, 'm', std::string(why)});
}

}  // namespace mosh::mgmt

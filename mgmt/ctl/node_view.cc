#include "mgmt/ctl/node_view.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mgmt/ctl/session_view.h"
#include "mgmt/ctl/text.h"

namespace mosh::mgmt::ctl {

namespace fleet = ::mosh::fleet::v1;

namespace {

constexpr char kOff[] = "off";
// More than anything that is asked for, and far from overflowing.
constexpr int64_t kMaxSpanSeconds = int64_t{100} * 365 * 86'400;

fleet::DrainNodeMetadata DrainOf(const fleet::Operation& operation) {
  fleet::DrainNodeMetadata drain;
  operation.metadata().UnpackTo(&drain);
  return drain;
}

struct State {
  const char* text;
  const char* style;
};
State StateOf(const fleet::Operation& operation, const fleet::DrainNodeMetadata& drain) {
  if (operation.has_error()) return {"cancelled", kFaint};
  if (operation.done()) return {"done", kGreen};
  if (drain.state() == fleet::DrainNodeMetadata::ENDING) return {"ending", kRed};
  return {"waiting", kYellow};
}

std::string Sessions(int count, absl::string_view one, absl::string_view many) {
  return absl::StrCat(count, count == 1 ? one : many);
}

std::string WhereOf(const fleet::NodeSelector& selector) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : selector.labels()) {
    parts.push_back(absl::StrCat(Harmless(key), "=", Harmless(value)));
  }
  std::sort(parts.begin(), parts.end());
  std::vector<std::string> nodes;
  for (const std::string& node : selector.nodes()) nodes.push_back(LastSegment(node));
  if (!nodes.empty()) parts.push_back(absl::StrJoin(nodes, "|"));
  return parts.empty() ? "everywhere" : absl::StrJoin(parts, " ");
}

std::string LimitText(bool has, const google::protobuf::Duration& limit) {
  return has && ToDuration(limit) > absl::ZeroDuration() ? SpanText(ToDuration(limit)) : "-";
}

std::string Lines(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string text;
  for (const auto& [name, value] : facts) {
    if (!value.empty()) absl::StrAppend(&text, FitTo(absl::StrCat(name, ":"), 12), value, "\n");
  }
  return text;
}

}  // namespace

std::optional<absl::Duration> ParseSpan(absl::string_view text) {
  if (text == kOff) return absl::ZeroDuration();
  int64_t whole = 0;
  while (!text.empty()) {
    int64_t number = 0;
    size_t digits = 0;
    while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) {
      number = std::min(number * 10 + (text[digits] - '0'), kMaxSpanSeconds);
      ++digits;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    int64_t unit = 1;
    if (!text.empty()) {
      switch (text[0]) {
        case 's':
          break;
        case 'm':
          unit = 60;
          break;
        case 'h':
          unit = 3600;
          break;
        case 'd':
          unit = 86'400;
          break;
        default:
          return std::nullopt;
      }
      text.remove_prefix(1);
    } else if (whole != 0) {
      return std::nullopt;  // "1h30" could be anything
    }
    whole = std::min(whole + number * unit, kMaxSpanSeconds);
    if (number == kMaxSpanSeconds) whole = kMaxSpanSeconds;
  }
  return absl::Seconds(whole);
}

std::string SpanText(absl::Duration span) {
  int64_t left = absl::ToInt64Seconds(span);
  if (left <= 0) return kOff;
  std::string text;
  for (const auto& [unit, seconds] :
       {std::pair<const char*, int64_t>{"d", 86'400}, {"h", 3600}, {"m", 60}, {"s", 1}}) {
    if (left >= seconds) absl::StrAppend(&text, left / seconds, unit);
    left %= seconds;
  }
  return text;
}

std::string LastSegment(absl::string_view name) {
  return Harmless(name.substr(name.rfind('/') + 1));
}

std::string NodeOf(absl::string_view name) {
  const size_t begin = name.find('/');
  if (begin == absl::string_view::npos) return Harmless(name);
  return Harmless(name.substr(begin + 1, name.find('/', begin + 1) - begin - 1));
}

std::string DrainProgress(const fleet::DrainNodeMetadata& drain, absl::Time now) {
  const int all = std::max(drain.initial_session_count(), drain.session_count());
  const std::string left =
      absl::StrCat(drain.session_count(), " of ", Sessions(all, " session", " sessions"), " left");
  if (drain.state() == fleet::DrainNodeMetadata::ENDING) return absl::StrCat(left, ", being ended");
  const absl::Duration to_go =
      absl::Ceil(std::max(ToTime(drain.deadline()) - now, absl::ZeroDuration()), absl::Seconds(1));
  return absl::StrCat(left, ", ", absl::FormatDuration(to_go), " to go");
}

std::string DrainBar(const fleet::DrainNodeMetadata& drain, absl::Time now) {
  constexpr int kWidth = 30;
  const int all = std::max({drain.initial_session_count(), drain.session_count(), 1});
  const int full = std::clamp((all - drain.session_count()) * kWidth / all, 0, kWidth);
  return absl::StrCat("[", std::string(static_cast<size_t>(full), '#'),
                      std::string(static_cast<size_t>(kWidth - full), ' '), "] ",
                      DrainProgress(drain, now));
}

std::string DrainOutcome(const fleet::Operation& operation) {
  const std::string node = NodeOf(operation.name());
  if (operation.has_error()) {
    return absl::StrCat("the drain of ", node, " was ", Harmless(operation.error().message()));
  }
  fleet::DrainNodeResponse response;
  operation.response().UnpackTo(&response);
  return absl::StrCat(
      node, " is drained: ", Sessions(response.ended_count(), " session", " sessions"), " ended, ",
      Sessions(response.terminated_count(), " was terminated", " were terminated"), ", ",
      Sessions(response.left_count(), " is left", " are left"));
}

std::vector<std::vector<Cell>> OperationRows(
    const google::protobuf::RepeatedPtrField<fleet::Operation>& operations, absl::Time now) {
  std::vector<std::vector<Cell>> rows(1);
  for (const char* title : {"ID", "NODE", "WHAT", "STATE"}) rows[0].push_back({title, kBold});
  for (const char* title : {"STARTED", "LEFT"}) rows[0].push_back({title, kBold, true});
  for (const char* title : {"BY", "MESSAGE"}) rows[0].push_back({title, kBold});
  for (const fleet::Operation& operation : operations) {
    const fleet::DrainNodeMetadata drain = DrainOf(operation);
    const State state = StateOf(operation, drain);
    rows.push_back({{LastSegment(operation.name())},
                    {NodeOf(operation.name())},
                    {"drain"},
                    {state.text, state.style},
                    {RoughDuration(now - ToTime(drain.start_time())), kPlain, true},
                    {absl::StrCat(drain.session_count()), kPlain, true},
                    {Harmless(drain.started_by())},
                    {Harmless(drain.message())}});
  }
  return rows;
}

std::vector<std::vector<Cell>> PolicyRows(
    const google::protobuf::RepeatedPtrField<fleet::LimitPolicy>& policies) {
  std::vector<std::vector<Cell>> rows(1);
  for (const char* title : {"NAME", "WHERE"}) rows[0].push_back({title, kBold});
  for (const char* title : {"IDLE", "LIFETIME", "DETACHED", "SESSIONS"}) {
    rows[0].push_back({title, kBold, true});
  }
  rows[0].push_back({"DESCRIPTION", kBold});
  for (const fleet::LimitPolicy& policy : policies) {
    const fleet::SessionLimits& limits = policy.limits();
    const int most = limits.max_sessions_per_user();
    rows.push_back({{LastSegment(policy.name())},
                    {WhereOf(policy.selector())},
                    {LimitText(limits.has_idle(), limits.idle()), kPlain, true},
                    {LimitText(limits.has_lifetime(), limits.lifetime()), kPlain, true},
                    {LimitText(limits.has_detached(), limits.detached()), kPlain, true},
                    {most > 0 ? absl::StrCat(most) : "-", kPlain, true},
                    {Harmless(policy.description())}});
  }
  return rows;
}

std::string DescribeOperation(const fleet::Operation& operation, absl::Time now) {
  const fleet::DrainNodeMetadata drain = DrainOf(operation);
  return Lines({{"Operation", Harmless(operation.name())},
                {"State", StateOf(operation, drain).text},
                {"Now", operation.done() ? DrainOutcome(operation) : DrainProgress(drain, now)},
                {"At the end",
                 drain.at_end() == fleet::LEAVE ? "sessions are left" : "sessions are terminated"},
                {"Started", absl::StrCat(RoughDuration(now - ToTime(drain.start_time())),
                                         " ago by ", Harmless(drain.started_by()))},
                {"Message", Harmless(drain.message())},
                {"Reason", Harmless(drain.reason())}});
}

std::string DescribePolicy(const fleet::LimitPolicy& policy, absl::Time now) {
  const fleet::SessionLimits& limits = policy.limits();
  const int most = limits.max_sessions_per_user();
  return Lines({{"Policy", Harmless(policy.name())},
                {"Where", WhereOf(policy.selector())},
                {"Idle", LimitText(limits.has_idle(), limits.idle())},
                {"Lifetime", LimitText(limits.has_lifetime(), limits.lifetime())},
                {"Detached", LimitText(limits.has_detached(), limits.detached())},
                {"Sessions", most > 0 ? absl::StrCat(most, " of a user") : "-"},
                {"Description", Harmless(policy.description())},
                {"Changed", absl::StrCat(RoughDuration(now - ToTime(policy.update_time())),
                                         " ago by ", Harmless(policy.updated_by()))},
                {"Etag", Harmless(policy.etag())}});
}

}  // namespace mosh::mgmt::ctl

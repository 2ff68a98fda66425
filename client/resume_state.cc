#include "client/resume_state.h"

#include <string.h>

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "crypto/route_tag.h"

namespace mosh::client {
namespace {

constexpr char kFirstLine[] = "mosh-resume 1";

// FNV-1a: against damage, not against people.
uint64_t CheckSum(absl::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash;
}

// Takes "NAME VALUE\n" off the front of `text`.
bool TakeLine(absl::string_view* text, absl::string_view name, absl::string_view* value) {
  if (!absl::ConsumePrefix(text, name) || !absl::ConsumePrefix(text, " ")) return false;
  const size_t end = text->find('\n');
  if (end == absl::string_view::npos) return false;
  *value = text->substr(0, end);
  text->remove_prefix(end + 1);
  return true;
}

bool TakeNumber(absl::string_view* text, absl::string_view name, uint64_t most, uint64_t* number) {
  absl::string_view value;
  return TakeLine(text, name, &value) && !value.empty() && absl::ascii_isdigit(value[0]) &&
         absl::SimpleAtoi(value, number) && *number <= most;
}

}  // namespace

std::string EncodeResumeState(const ResumeState& state) {
  std::string key = state.key.ToBase64();
  std::string text =
      absl::StrCat(kFirstLine, "\nkey ", key, "\naddress ", state.address, "\nport ", state.port,
                   "\ntarget ", state.target, "\nstarted ", absl::ToUnixSeconds(state.started),
                   "\nincarnation ", state.incarnation, "\nnext ", state.next.value, "\n");
  explicit_bzero(key.data(), key.size());
  // Appending may move the text and leave a copy behind.
  std::string whole = absl::StrCat(text, absl::StrFormat("check %016x\n", CheckSum(text)));
  explicit_bzero(text.data(), text.size());
  return whole;
}

absl::StatusOr<ResumeState> ParseResumeState(absl::string_view text) {
  const absl::Status damaged = absl::DataLossError("the file is damaged");
  const absl::string_view whole = text;
  absl::string_view key_text, address, target, check;
  uint64_t port = 0, started = 0, incarnation = 0, next = 0;
  if (!absl::ConsumePrefix(&text, kFirstLine) || !absl::ConsumePrefix(&text, "\n")) return damaged;
  if (!TakeLine(&text, "key", &key_text) || !TakeLine(&text, "address", &address) ||
      !TakeNumber(&text, "port", 65535, &port) || !TakeLine(&text, "target", &target) ||
      !TakeNumber(&text, "started", uint64_t{1} << 40, &started) ||
      !TakeNumber(&text, "incarnation", kMostIncarnations, &incarnation) ||
      !TakeNumber(&text, "next", crypto::SequenceNumber::Max().value + 1, &next)) {
    return damaged;
  }
  const absl::string_view checked = whole.substr(0, whole.size() - text.size());
  if (!TakeLine(&text, "check", &check) || !text.empty()) return damaged;
  if (check != absl::string_view(absl::StrFormat("%016x", CheckSum(checked)))) return damaged;

  absl::StatusOr<crypto::SessionKey> key = crypto::SessionKey::FromBase64(key_text);
  if (!key.ok()) return damaged;
  const crypto::RouteTag tag = crypto::RouteTag::Of(*key);
  if (next <= tag.FirstSequence().value || next > tag.LastSequence().value + 1) return damaged;
  if (next == tag.LastSequence().value + 1 || incarnation == kMostIncarnations) {
    return absl::ResourceExhaustedError(
        "this session has sent as many datagrams as its key is good for");
  }
  return ResumeState{.key = *std::move(key),
                     .address = std::string(address),
                     .port = static_cast<uint16_t>(port),
                     .target = std::string(target),
                     .started = absl::FromUnixSeconds(static_cast<int64_t>(started)),
                     .incarnation = incarnation,
                     .next = {next}};
}

}  // namespace mosh::client

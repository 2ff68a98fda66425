#include "mgmt/agent/audit_chain.h"

#include <openssl/sha.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/util/time_util.h"
#include "nlohmann/json.hpp"

namespace mosh::mgmt {
namespace {

constexpr size_t kHashLength = 64;
constexpr absl::string_view kHashKey = ",\"hash\":\"";
constexpr absl::string_view kPreviousKey = ",\"previous_hash\":\"";
constexpr absl::string_view kStart = "{\"sequence\":";
constexpr absl::string_view kEnd = "\"}";

std::string Sha256(absl::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

// What stands at fixed places of a line. The views are the line's.
struct Links {
  int64_t sequence;
  absl::string_view hashed;
  absl::string_view previous_hash;
  absl::string_view hash;
};

absl::StatusOr<Links> ReadLinks(absl::string_view line) {
  const absl::Status bad = absl::DataLossError("it is not an entry of an audit log");
  const size_t tail = kHashKey.size() + kHashLength + kEnd.size();
  const size_t before = kPreviousKey.size() + kHashLength + 1;
  if (line.size() < tail + before || !absl::StartsWith(line, kStart)) return bad;
  Links links;
  links.hashed = line.substr(0, line.size() - tail);
  const absl::string_view end = line.substr(line.size() - tail);
  const absl::string_view previous = links.hashed.substr(links.hashed.size() - before);
  if (!absl::StartsWith(end, kHashKey) || !absl::EndsWith(end, kEnd) ||
      !absl::StartsWith(previous, kPreviousKey) || !absl::EndsWith(previous, "\"")) {
    return bad;
  }
  links.hash = end.substr(kHashKey.size(), kHashLength);
  links.previous_hash = previous.substr(kPreviousKey.size(), kHashLength);
  absl::string_view number = line.substr(kStart.size());
  number = number.substr(0, number.find(','));
  if (!absl::SimpleAtoi(number, &links.sequence)) return bad;
  return links;
}

}  // namespace

std::string AuditChain::Append(fleet::AuditEntry* entry) {
  entry->set_sequence(++sequence);
  entry->set_previous_hash(hash);
  const nlohmann::ordered_json json = {
      {"sequence", entry->sequence()},
      {"time", google::protobuf::util::TimeUtil::ToString(entry->time())},
      {"caller", entry->caller()},
      {"method", entry->method()},
      {"resource", entry->resource()},
      {"reason", entry->reason()},
      {"code", entry->code()},
      {"detail", entry->detail()},
      {"previous_hash", entry->previous_hash()},
  };
  std::string line =
      json.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::ordered_json::error_handler_t::replace);
  line.pop_back();
  hash = Sha256(line);
  entry->set_hash(hash);
  absl::StrAppend(&line, kHashKey, hash, kEnd, "\n");
  return line;
}

absl::Status AuditChain::Check(absl::string_view line) {
  const absl::StatusOr<Links> links = ReadLinks(line);
  if (!links.ok()) return links.status();
  if (links->sequence != sequence + 1) {
    return absl::DataLossError(
        absl::StrCat("entry ", sequence + 1, " is missing: this is ", links->sequence));
  }
  if (links->previous_hash != hash) {
    return absl::DataLossError(
        absl::StrCat("entry ", links->sequence, " doesn't belong to the one before it"));
  }
  if (links->hash != Sha256(links->hashed)) {
    return absl::DataLossError(absl::StrCat("entry ", links->sequence, " has been changed"));
  }
  sequence = links->sequence;
  hash = std::string(links->hash);
  return absl::OkStatus();
}

absl::StatusOr<fleet::AuditEntry> ParseAuditLine(absl::string_view line) {
  const absl::Status bad = absl::DataLossError("it is not an entry of an audit log");
  const nlohmann::json json =
      nlohmann::json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return bad;
  const auto text = [&json](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number = [&json](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
  };
  fleet::AuditEntry entry;
  entry.set_sequence(number("sequence"));
  if (entry.sequence() <= 0 ||
      !google::protobuf::util::TimeUtil::FromString(text("time"), entry.mutable_time())) {
    return bad;
  }
  entry.set_caller(text("caller"));
  entry.set_method(text("method"));
  entry.set_resource(text("resource"));
  entry.set_reason(text("reason"));
  entry.set_code(static_cast<int32_t>(number("code")));
  entry.set_detail(text("detail"));
  entry.set_previous_hash(text("previous_hash"));
  entry.set_hash(text("hash"));
  return entry;
}

}  // namespace mosh::mgmt

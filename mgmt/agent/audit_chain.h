// The audit log's form: a line of JSON for each entry, each with the SHA-256 of the one before, so
// that none can be changed, left out or put in without the rest no longer fitting. What it can't
// show is that the newest are missing: keep the last hash elsewhere, too. Pure.
//
//   {"sequence":7,"time":"2026-11-29T16:40:16.123456Z","caller":"local:alice(1000)","method":"…","resource":"…","reason":"…",
//    "code":0,"detail":"","previous_hash":"<64 hex>","hash":"<64 hex>"}
//
// The hash is that of the line's bytes before `,"hash"`. The first entry's previous_hash is 64
// zeros.
#ifndef MGMT_AGENT_AUDIT_CHAIN_H_
#define MGMT_AGENT_AUDIT_CHAIN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt {

namespace fleet = ::mosh::fleet::v1;

// Where a chain has got to.
struct AuditChain {
  int64_t sequence = 0;  // of the last entry
  std::string hash = std::string(64, '0');

  // Sets the entry's sequence and hashes, and gives its line, with the newline.
  std::string Append(fleet::AuditEntry* entry);
  // Whether `line`, without newline, is the next. kDataLoss says what is wrong with it.
  absl::Status Check(absl::string_view line);
};

// kDataLoss: it is no such line. Does not check hashes.
absl::StatusOr<fleet::AuditEntry> ParseAuditLine(absl::string_view line);

}  // namespace mosh::mgmt

#endif  // MGMT_AGENT_AUDIT_CHAIN_H_

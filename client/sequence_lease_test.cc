#include "client/sequence_lease.h"

#include <gtest/gtest.h>

#include <vector>

namespace mosh::client {
namespace {

using crypto::SequenceNumber;
using Server = SequenceLease::Server;

constexpr crypto::RouteTag kTag{.host = 3, .endpoint = 5};
constexpr uint64_t kFirst = kTag.FirstSequence().value;

class FakeKeeper final : public ResumeKeeper {
 public:
  absl::Status Lease(SequenceNumber last) override {
    if (lease_works) leases.push_back(last.value);
    return lease_works ? absl::OkStatus() : absl::UnavailableError("disk full");
  }
  absl::Status Forget() override {
    ++forgotten;
    return forget_works ? absl::OkStatus() : absl::UnavailableError("read-only");
  }
  bool lease_works = true, forget_works = true;
  std::vector<uint64_t> leases;
  int forgotten = 0;
};

TEST(SequenceLease, WithoutAKeeperTheTagIsTheLimit) {
  SequenceLease lease(kTag, {}, nullptr);
  EXPECT_EQ(lease.first(), kTag.FirstSequence());
  EXPECT_EQ(lease.LastAllowed({kFirst + 7}, Server::kResumes), kTag.LastSequence());
}

TEST(SequenceLease, NothingIsKeptBeforeTheServerIsKnownToResume) {
  FakeKeeper keeper;
  SequenceLease lease(kTag, {}, &keeper);
  EXPECT_EQ(lease.LastAllowed({kFirst}, Server::kUnknown), kTag.LastSequence());
  EXPECT_TRUE(keeper.leases.empty());
  EXPECT_EQ(lease.LastAllowed({kFirst + 9}, Server::kResumes).value,
            kFirst + 9 + SequenceLease::kLength - 1);
  EXPECT_EQ(keeper.leases.size(), 1u);
}

TEST(SequenceLease, WithAStockServerNothingIsKeptAtAll) {
  FakeKeeper keeper;
  SequenceLease lease(kTag, {}, &keeper);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(lease.LastAllowed({kFirst + 9}, Server::kDoesNot), kTag.LastSequence());
  }
  EXPECT_TRUE(keeper.leases.empty());
  EXPECT_EQ(keeper.forgotten, 1);
}

TEST(SequenceLease, IsRenewedWhenHalfIsUsedAndNeverReachedBefore) {
  FakeKeeper keeper;
  SequenceLease lease(kTag, {}, &keeper);
  for (uint64_t next = kFirst; next < kFirst + 5 * SequenceLease::kLength; next += 100'000) {
    EXPECT_GE(lease.LastAllowed({next}, Server::kResumes).value, next + 200'000);
  }
  EXPECT_LE(keeper.leases.size(), 11u);
}

TEST(SequenceLease, ALaterProcessBeginsWithWhatWasSetAside) {
  FakeKeeper keeper;
  const ClientProcess process{.incarnation = 2, .first = {kFirst + 100}, .last = {kFirst + 300}};
  SequenceLease lease(kTag, process, &keeper);
  EXPECT_EQ(lease.first().value, kFirst + 100);
  EXPECT_EQ(lease.LastAllowed({kFirst + 100}, Server::kUnknown).value, kFirst + 300);
  EXPECT_TRUE(keeper.leases.empty());
  EXPECT_GT(lease.LastAllowed({kFirst + 250}, Server::kUnknown).value, kFirst + 300);
}

TEST(SequenceLease, WhenNothingCanBeSetAsideTheSessionGoesOnAlone) {
  FakeKeeper keeper;
  keeper.lease_works = false;
  SequenceLease lease(kTag, {}, &keeper);
  EXPECT_EQ(lease.LastAllowed({kFirst}, Server::kResumes), kTag.LastSequence());
  EXPECT_EQ(keeper.forgotten, 1);
  EXPECT_EQ(lease.trouble().message(), "disk full");
}

TEST(SequenceLease, WhatSomebodyMightUseIsNotUsed) {
  FakeKeeper keeper;
  SequenceLease lease(kTag, {}, &keeper);
  const SequenceNumber last = lease.LastAllowed({kFirst}, Server::kResumes);
  keeper.lease_works = keeper.forget_works = false;
  for (uint64_t next = kFirst; next <= last.value + 1; next += 10'000) {
    EXPECT_EQ(lease.LastAllowed({next}, Server::kResumes), last);
  }
  keeper.lease_works = true;
  EXPECT_GT(lease.LastAllowed({last.value + 1}, Server::kResumes), last);
}

TEST(SequenceLease, EndsWithTheTag) {
  FakeKeeper keeper;
  const uint64_t end = kTag.LastSequence().value;
  const ClientProcess process{.incarnation = 1, .first = {end - 5}, .last = {end - 1}};
  SequenceLease lease(kTag, process, &keeper);
  EXPECT_EQ(lease.LastAllowed({end - 1}, Server::kResumes).value, end);
  EXPECT_EQ(lease.LastAllowed({end + 1}, Server::kResumes).value, end);
  EXPECT_EQ(keeper.leases.size(), 1u);
}

}  // namespace
}  // namespace mosh::client

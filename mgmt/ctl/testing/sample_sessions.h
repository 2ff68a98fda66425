// Three sessions of three users, for tests.
#ifndef MGMT_CTL_TESTING_SAMPLE_SESSIONS_H_
#define MGMT_CTL_TESTING_SAMPLE_SESSIONS_H_

#include "absl/time/time.h"
#include "mosh/fleet/v1/fleet_service.pb.h"

namespace mosh::mgmt::ctl {

inline const absl::Time kSampleTime = absl::FromUnixSeconds(1'800'000'000);

// ab12 of alice: attached, two clients, a title with an escape sequence; ab34 of bob: detached;
// cd56 of carol: unheard of, held.
::mosh::fleet::v1::ListSessionsResponse SampleSessions();

}  // namespace mosh::mgmt::ctl

#endif  // MGMT_CTL_TESTING_SAMPLE_SESSIONS_H_

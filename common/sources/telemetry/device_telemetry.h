#ifndef TUTTI_COMMON_SOURCES_TELEMETRY_DEVICE_TELEMETRY_H_
#define TUTTI_COMMON_SOURCES_TELEMETRY_DEVICE_TELEMETRY_H_

#include "absl/status/status.h"
#include "common/sources/input/text_input.h"
#include "common/sources/source.h"

namespace tutti {

// What is known of devices.
const Source& DeviceTelemetry();

// Reads what is known of devices: rows of endpoint analytics, of network
// measurements and of an inventory of applications, as CSV or as JSON objects (in
// lines, an array, or the member "value" or "records"). A row has a device (id,
// deviceId or deviceName), a time (the first that can be of date, reportDate,
// lastReportedDateTime, processedDateTime, ...) and
// any of the following; a negative score means that there is none. A day like "4/5/2026" is read as
// a usage report's is, and a row that comes again is a duplicate. A row without a time is rejected:
// the scores of Endpoint analytics say of no day what they are about. The device of somebody who is
// no person of the organisation (userPrincipalName) is left out.
//
//   startupPerformanceScore, 0 to 100   started; slowly below 50
//   coreBootTimeInMs                    started; slowly above 60,000
//   appReliabilityScore, 0 to 100       seen; an application crashed below 50
//   appCrashCount                       seen; an application crashed above 0
//   latencyMs, packetLossPercent, jitterMs, downloadMbps
//                                       the network was measured: too poor for mail above
//                                       300 ms, for files above 300 ms or below 2 Mbit/s, for
//                                       calls above 100 ms, 1% or 30 ms of jitter
//   updateChannel                       applications reported; Current and Monthly Enterprise
//                                       are recommended
//   isSupported (or supportState)       applications reported; on a supported version
//
// Scores of models, of versions, of applications and of all devices together end with
// InvalidArgument, which says what to export instead.
//
// Otherwise errors of ReadCsv, of the input and of the sink.
absl::Status ReadDeviceTelemetry(TextInput& input, SourceSink& sink);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_TELEMETRY_DEVICE_TELEMETRY_H_

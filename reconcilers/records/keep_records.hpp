// Keeps the DjangoReleases of a database: the one effect of this folder. A release does not wait for its record, and
// what can't be recorded holds nothing.
//
// the newest record                        | a release that the gate lets begin | then
// -----------------------------------------|------------------------------------|-------------------------------------
// the cache is not filled yet              | any                                | nothing; soon again, if it is underway
// there is none, or it is of another one   | yes                                | a new record, and this one is superseded
// of this one, and it succeeded once,      |                                    |
//   and the database has changed since     | yes                                | the same
// else                                     | any                                | it goes on being written
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/release_records.hpp"
#include "reconcilers/records/steps.hpp"
#include "reconcilers/status/conditions.hpp"
#include "reconcilers/workflow.hpp"

#include <optional>
#include <string>
#include <vector>

namespace djdb {

/// One for each run: begin() before the steps, so that nothing is done for a release that has no record and no Job goes
/// before its log was read; finish() behind them. A worker uses it.
class RecordKeeper {
  public:
    RecordKeeper(
        const Desired& desired,
        const Observed& observed,
        ReleaseRecords& records,
        Cluster& cluster,
        const CallContext& call
    )
        : desired_(desired),
          observed_(observed),
          records_(records),
          cluster_(cluster),
          call_(call) {}

    /// Finds the record of what is labelled now or makes one, and reads the logs of Jobs that have ended.
    void begin(const Assessment&);
    /// Writes what has changed, and removes records that are not kept any more.
    void finish(const Assessment&, const std::vector<LaneStop>&);
    /// What kept it from recording, the first time.
    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
    /// The cache is not filled yet: nothing was recorded.
    [[nodiscard]] bool waits_for_cache() const { return waits_for_cache_; }

  private:
    void find_or_make(const Assessment&);
    [[nodiscard]] DjangoRelease make(const DjangoReleaseSpec&);
    void read_sources();
    [[nodiscard]] JobLog read(const JobRun&) const;
    void tidy(const std::string& current, const Assessment&, const std::vector<LaneStop>&);
    void write(const DjangoRelease&, const DjangoReleaseStatus&);
    template <class Work>
    void attempt(Work&& work);

    const Desired& desired_;
    const Observed& observed_;
    ReleaseRecords& records_;
    Cluster& cluster_;
    const CallContext& call_;
    std::optional<DjangoRelease> current_;
    std::vector<DjangoRelease> others_;
    StepSources sources_;
    std::optional<Failure> failure_;
    bool waits_for_cache_ = false;
};

}  // namespace djdb

// Keeps the DjangoReleases of a database: the one effect of this folder. A release does not wait for its record, and
// what can't be recorded holds nothing.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/release_records.hpp"
#include "reconcilers/records/progress.hpp"
#include "reconcilers/workflow.hpp"

#include <optional>
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
    /// Writes what has changed.
    void finish(const Assessment&, const std::vector<LaneStop>&);
    /// What kept it from recording, the first time.
    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

  private:
    void find_or_make();
    void make(const DjangoReleaseSpec&, const std::vector<DjangoRelease>&);
    void close(const std::vector<DjangoRelease>& others, const std::string& successor);
    [[nodiscard]] JobLog read(const JobRun&);
    template <class Work>
    void attempt(Work&& work);

    const Desired& desired_;
    const Observed& observed_;
    ReleaseRecords& records_;
    Cluster& cluster_;
    const CallContext& call_;
    std::optional<DjangoRelease> current_;
    JobLogs logs_;
    std::vector<RolledTemplate> rolled_;
    std::optional<Failure> failure_;
};

}  // namespace djdb

// The Job that dumps the database: pg_dump and pg_restore, one after the other, in an image that has them, and before and
// behind them a program of ours in the app's image, which makes room and keeps what could be read back. Pure.
//
// container          | image               | login      | does
// -------------------|---------------------|------------|-----------------------------------------------------
// djangodb-clear     | the app's           | none       | jobs/backup.py clear: removes what failed attempts left
// djangodb-dump      | spec.backup.image   | the reader | pg_dump into a file of the claim
// djangodb-read-back | spec.backup.image   | none       | pg_restore of all of it, to nowhere
// djangodb-keep      | the app's           | none       | jobs/backup.py: checksum, name, retention, answer
//
// Of the app's Pod template it keeps what says where a Pod may run and as whom, and how it reaches the server; nothing of
// the app's environment, volumes or other containers.
#pragma once

#include "reconcilers/desired.hpp"
#include "reconcilers/step.hpp"

#include <nlohmann/json_fwd.hpp>

namespace djdb {

nlohmann::json render_backup_job(
    const Desired& desired, const StartBackup& start, const ServerAccess& access
);

}  // namespace djdb

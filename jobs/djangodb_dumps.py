"""The dumps of one DjangoDatabase, in a folder that others may share: NAME_UTC_ATTEMPT.dump, and beside it its sum.

No name in Kubernetes holds a "_", so that nothing of "shop-2" is taken for one of "shop". What has the name of a dump
is whole and has its sum, whenever a run was killed: the sum is written first, and also keeps others from that name.
"""

import contextlib
import errno
import os
import re
import time

SUM = ".sha256"
PARTIAL = ".partial"
STAMP = "%Y%m%dT%H%M%SZ"
TRIES = 60  # seconds that may all be taken by somebody else's sum


@contextlib.contextmanager
def named(path):
    """The error of a write or of a sync does not say which file it is about."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = path
        raise


class Dumps:
    def __init__(self, folder, owner):
        self.folder = folder
        self.owner = owner
        self.names = re.compile(re.escape(owner) + r"_([0-9]{8}T[0-9]{6}Z)_([A-Za-z0-9.-]+)\.dump")
        self.partials = re.compile(re.escape(owner) + r"_([A-Za-z0-9.-]+)" + re.escape(PARTIAL))

    def path(self, name):
        return os.path.join(self.folder, name)

    def attempt_of(self, partial):
        found = self.partials.fullmatch(partial)
        if found is None:
            raise ValueError("%r is no dump of %r that could be kept" % (partial, self.owner))
        return found.group(1)

    def listed(self):
        """Names of dumps, the newest first."""
        return sorted(filter(self.names.fullmatch, os.listdir(self.folder)), reverse=True)

    def kept_of(self, attempt):
        """None: no earlier run came as far as a name."""
        return next((name for name in self.listed() if self.names.fullmatch(name).group(2) == attempt), None)

    def reserve(self, attempt, digest):
        """A name that nobody has, with its sum."""
        for seconds in range(TRIES):
            stamp = time.strftime(STAMP, time.gmtime(time.time() + seconds))
            name = "%s_%s_%s.dump" % (self.owner, stamp, attempt)
            with contextlib.suppress(FileExistsError):
                if not os.path.lexists(self.path(name)):
                    self.write_sum(name, digest)
                    return name
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self.path(name))

    def write_sum(self, name, digest):
        """For sha256sum -c; an existing one is never overwritten."""
        path = self.path(name + SUM)
        with named(path), open(path, "x") as file:
            file.write("%s  %s\n" % (digest, name))
            file.flush()
            os.fsync(file.fileno())

    def agrees_with_sum(self, name, digest):
        """One that somebody has removed is written again."""
        with contextlib.suppress(FileExistsError):
            self.write_sum(name, digest)
        with open(self.path(name + SUM)) as file:
            return file.read().split() == [digest, name]

    def rename(self, partial, name):
        # Not by a second link: some volumes have none, and pg_dump, begun anew, would write into both.
        os.rename(self.path(partial), self.path(name))
        self.sync()

    def sync(self):
        """So that names outlive a machine that fails."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with named(self.folder):
                os.fsync(folder)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some volumes know no such thing
                raise
        finally:
            os.close(folder)

    def superfluous(self, name, keep):
        """Dumps behind the newest `keep`, of which `name` is one whatever the clock said; and what no run finishes."""
        others = [other for other in self.listed() if other != name]
        return others[keep - 1 :] + self.partials_there()

    def partials_there(self):
        return sorted(filter(self.partials.fullmatch, os.listdir(self.folder)))

    def lone_sums(self):
        """Of dumps that a killed run did not come to name, or that are gone."""
        files = set(os.listdir(self.folder))
        without_dump = {file[: -len(SUM)] for file in files if file.endswith(SUM)} - files
        return [name + SUM for name in without_dump if self.names.fullmatch(name)]

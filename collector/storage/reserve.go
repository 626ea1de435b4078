package filestorage

import (
	"fmt"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
)

const (
	// In bytes. Enough for items of 2 MiB, several times what most senders make.
	least = 32 << 20
	// Items for which there must be room. bbolt (1.5.0) never writes over a page in
	// use: to send or delete an item it writes its leaf anew, the queue's own leaf and
	// perhaps a leaf beside it, of four items at most each, which makes eight. As
	// many again, since free pages may be too scattered to be used.
	items = 16
	// After a try to get more of the disk that was in vain.
	pause = time.Second
)

// A file of zeros, which keeps a part of the disk from the queues and from everybody
// else who writes there.
type reserve struct {
	path   string
	logger *zap.Logger

	// Read by those who add an item, written by those who change the file: nobody shall
	// add anything to what is given back for something else.
	mu    sync.RWMutex
	size  int64
	held  int64
	tried time.Time
	short bool
}

func newReserve(path string, logger *zap.Logger) *reserve {
	return &reserve{path: path, logger: logger, size: least}
}

// Takes what the file has, and as much as is missing; less is no error.
func (r *reserve) open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	file, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	r.held = info.Size()
	r.size = max(least, r.held)
	r.fill(r.size)
	return nil
}

// Runs `write`, which adds an item, if so much is left that it can be sent and deleted.
//
// room: what deleted items have left inside of the queue's own file, where an item
// fits even if the reserve has been broken into.
func (r *reserve) add(size, room int64, write func() error) error {
	if !r.isWhole(size) && !r.makeWhole(size) && !(room >= size && r.hasHalf(size)) {
		return fmt.Errorf("%w: less than the reserve of the queue is left on the disk", storage.ErrStorageFull)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return write()
}

// Runs `write` with all that is reserved.
func (r *reserve) lend(write func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim(0)
	err := write()
	r.fill(r.size)
	return err
}

// Runs `compact` if the reserve isn't whole, which has then a chance to become so.
func (r *reserve) regain(compact func() error) {
	if r.isWhole(0) {
		return
	}
	if err := r.lend(compact); err != nil {
		r.logger.Info("The queue can't be compacted yet", zap.Error(err))
	}
}

func (r *reserve) isWhole(size int64) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.held >= max(r.size, size*items)
}

func (r *reserve) hasHalf(size int64) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.held >= max(r.size, size*items)/2
}

func (r *reserve) makeWhole(size int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.tried) < pause {
		return false
	}
	wanted := max(r.size, size*items)
	if r.fill(wanted) {
		r.size = wanted
		return true
	}
	r.tried = time.Now()
	// One item that is too large must not keep smaller ones out.
	r.trim(r.size)
	return false
}

var zeros = make([]byte, 1<<18)

// Says whether so much is held then. Written, and not only promised: what a file
// system promises differs.
func (r *reserve) fill(size int64) bool {
	if r.held < size {
		file, err := os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE, 0o600)
		for err == nil && r.held < size {
			var wrote int
			wrote, err = file.WriteAt(zeros[:min(int64(len(zeros)), size-r.held)], r.held)
			r.held += int64(wrote)
		}
		if file != nil {
			file.Close()
		}
	}
	r.say()
	return r.held >= size
}

func (r *reserve) trim(size int64) {
	if r.held > size && os.Truncate(r.path, size) == nil {
		r.held = size
	}
}

// Says it once when the reserve is broken into, and once when it is whole again.
func (r *reserve) say() {
	short := r.held < r.size
	if short == r.short {
		return
	}
	r.short = short
	fields := []zap.Field{zap.String("file", r.path), zap.Int64("held", r.held), zap.Int64("reserve", r.size)}
	if short {
		r.logger.Warn("The disk of the queue is full, or too small: new items are refused until there is room", fields...)
	} else {
		r.logger.Info("The disk of the queue has room again", fields...)
	}
}

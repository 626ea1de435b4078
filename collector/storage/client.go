package filestorage

import (
	"context"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// What contrib's clients can do.
type files interface {
	storage.Client
	storage.Walker
	Compact(directory string, timeout time.Duration, maxTransactionSize int64) error
}

// Tells what adds an item to a queue from all else, which the queue needs to get
// its items out again.
type client struct {
	files
	reserve *reserve

	mu sync.Mutex
	// Of items that were read and not deleted yet, in bytes.
	sizes map[string]int64
	// What deleted items have left inside of the file, in bytes, and was not used since.
	room int64
	// Items that were added and not read yet.
	unread int64
	// Before its first read a queue puts back what it was sending when it was ended:
	// it deletes it, and adds it again.
	reading bool
}

func newClient(upstream files, reserve *reserve) *client {
	return &client{files: upstream, reserve: reserve, sizes: map[string]int64{}}
}

func (c *client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c *client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c *client) Batch(ctx context.Context, ops ...*storage.Operation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	write := func() error { return c.files.Batch(ctx, ops...) }
	var err error
	if size := added(ops); size > 0 {
		err = c.reserve.add(size, c.room, write)
		if err != nil && c.mayBorrow(size) {
			err = c.reserve.lend(write)
		}
	} else if err = write(); err != nil {
		// Whatever it says: bbolt hides some errors of the disk in others.
		err = c.reserve.lend(write)
	}
	if err == nil {
		c.account(ops)
	}
	return err
}

// Some items may take of the reserve.
func (c *client) mayBorrow(size int64) bool {
	if !c.reading && c.room >= size {
		return true
	}
	// The queue counts what was refused as waiting until its reader passes by, and
	// only an item that it gets wakes a reader that has read all. Else it might
	// count itself full with nothing in it, and stay so.
	return c.unread == 0 && c.reserve.hasHalf(size)
}

func (c *client) account(ops []*storage.Operation) {
	set := false
	for _, op := range ops {
		switch {
		case !isItem(op.Key):
			set = set || op.Type == storage.Set
		case op.Type == storage.Set:
			c.room = max(0, c.room-int64(len(op.Value)))
			c.unread++
		case op.Type == storage.Get && op.Value != nil:
			c.sizes[op.Key] = int64(len(op.Value))
			if set {
				c.reading = true
				c.unread = max(0, c.unread-1)
			}
		case op.Type == storage.Delete:
			c.room += c.sizes[op.Key]
			delete(c.sizes, op.Key)
		}
	}
}

// The bytes of the items that are added.
func added(ops []*storage.Operation) int64 {
	var size int64
	for _, op := range ops {
		if op.Type == storage.Set && isItem(op.Key) {
			size += int64(len(op.Value))
		}
	}
	return size
}

// Items have numbers, all else has names (exporterhelper, persistent_queue.go).
func isItem(key string) bool {
	_, err := strconv.ParseUint(key, 10, 64)
	return err == nil
}

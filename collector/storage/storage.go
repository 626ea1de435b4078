// Package filestorage is contrib's file storage with the same configuration, which
// also keeps a reserve of the disk. The queue of exporters (as of 0.155.0) answers
// for an item once it is written, but has to write again to send it and to delete
// it; on a full disk it can't, and passes over the item uncounted. With a reserve it
// can, and says no to new items instead.
package filestorage

import (
	"context"
	"fmt"
	"path/filepath"

	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

var upstream = contrib.NewFactory()

// NewFactory makes extensions of the type `file_storage`, as contrib's does.
func NewFactory() extension.Factory {
	return extension.NewFactory(upstream.Type(), upstream.CreateDefaultConfig, create, upstream.Stability())
}

type fileStorage struct {
	storage.Extension
	config  *contrib.Config
	reserve *reserve
}

func create(ctx context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	made, err := upstream.Create(ctx, set, cfg)
	if err != nil {
		return nil, err
	}
	files, ok := made.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("%T stores nothing", made)
	}
	config := cfg.(*contrib.Config)
	return &fileStorage{files, config, newReserve(filepath.Join(config.Directory, "reserve"), set.Logger)}, nil
}

func (s *fileStorage) Start(ctx context.Context, host component.Host) error {
	if err := s.Extension.Start(ctx, host); err != nil {
		return err
	}
	return s.reserve.open()
}

func (s *fileStorage) GetClient(ctx context.Context, kind component.Kind, id component.ID, name string) (storage.Client, error) {
	made, err := s.Extension.GetClient(ctx, kind, id, name)
	if err != nil {
		return nil, err
	}
	files, ok := made.(files)
	if !ok {
		return nil, fmt.Errorf("%T can't be compacted", made)
	}
	// What an earlier process had queued and sent may fill the disk still.
	s.reserve.regain(func() error {
		return files.Compact(s.config.Directory, s.config.Timeout, s.config.Compaction.MaxTransactionSize)
	})
	return newClient(files, s.reserve), nil
}

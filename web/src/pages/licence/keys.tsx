import { useQuery } from '@tanstack/react-query'
import { Button, Empty, Popconfirm, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { useAction } from '../../kit/action'
import { Await } from '../../kit/page'
import { Id, Time } from '../../kit/show'

/** The seller's keys that sign licence files and leases: their public halves are built into his software. */
export function LicenceKeys() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['licence-keys'], queryFn: () => unwrap(api.GET('/api/v1/seller/licence-keys')) })
  const make = useAction(
    () => unwrap(api.POST('/api/v1/seller/licence-keys', { body: {} })),
    undefined,
    t('licence_keys.made'),
  )
  return (
    <section className="panel" style={{ padding: 24 }}>
      <Await query={query}>
        {(d) => (
          <>
            <div className="row" style={{ justifyContent: 'space-between' }}>
              <h2>{t('licence_keys.title')}</h2>
              <span className="row">
                {d.keys.length > 0 && (
                  <Button href={d.published_at} download="licence-keys.json">
                    {t('licence_keys.download')}
                  </Button>
                )}
                <Popconfirm
                  title={t('licence_keys.sure')}
                  description={d.keys.length > 0 && t('licence_keys.sure_more')}
                  onConfirm={() => make.mutate(undefined)}
                >
                  <Button loading={make.isPending}>{t('licence_keys.make')}</Button>
                </Popconfirm>
              </span>
            </div>
            <p className="muted">{t('licence_keys.more')}</p>
            <Table
              size="small"
              rowKey="id"
              pagination={d.keys.length > 10 ? { pageSize: 10 } : false}
              dataSource={d.keys}
              scroll={{ x: 'max-content' }}
              locale={{ emptyText: <Empty description={t('licence_keys.none')} /> }}
              columns={[
                {
                  key: 'i',
                  title: t('licence_keys.id'),
                  render: (_, k) => (
                    <>
                      <Id of={k.id} /> {k.signs && <Tag color="green">{t('licence_keys.signs')}</Tag>}
                    </>
                  ),
                },
                { key: 'x', title: t('licence_keys.public'), render: (_, k) => <Id of={k.x} /> },
                { key: 'c', title: t('licence_keys.created_at'), render: (_, k) => <Time at={k.created_at} /> },
              ]}
            />
          </>
        )}
      </Await>
    </section>
  )
}
